// The line-marking form, for models far too small to write: the model reads the repository once, and at the end of
// each line says how much that line looks like the fault. Its rendering is fixed by the training data
// (scripts/triage/rendering.py), so every detail here is part of the form.

import Generation
import Glibc
import Models
import SafeIO

/// Marks lines, then names what is wrong with the best one.
///
/// The sequence: `<|file|>PATH\n`, then each line followed by `<|eol|>`, file after file; documents, tests, code,
/// logs. At each `<|eol|>` the difference of the logits of `<|bug|>` and `<|ok|>` scores the line. The line with the
/// greatest score is the finding. Then `<|ask|>LINE<|answer|>` is read on, and the label with the greatest
/// log-likelihood, closing `<|eol|>` included, is the issue. A repository longer than the context is read in chunks of
/// whole lines.
///
/// The model decides: the line, and with it `file` and `evidence`; the label, and with it `issue`; `confidence`, the
/// sigmoid of the score. The program fills: `summary` and `recommended_next_step` (the label's templates),
/// `files_inspected`, and all JSON.
struct LineMarkingForm: TriageForm {
  private let marking: TriageDeclaration.LineMarking
  private let rendering: LineRendering
  /// The tokens of each label with the closing end of line.
  private let labels: [[Int32]]
  private let bug: Int
  private let ok: Int

  init(_ marking: TriageDeclaration.LineMarking, _ model: LanguageModel) throws(Failure) {
    self.marking = marking
    let rendering = try LineRendering(marking.tokens, model)
    var labels: [[Int32]] = []
    for label in marking.labels {
      labels.append(try model.tokens(ofData: label.text) + [rendering.endOfLine])
    }
    self.rendering = rendering
    self.labels = labels
    bug = Int(try LineRendering.id(of: marking.tokens.bug, model))
    ok = Int(try LineRendering.id(of: marking.tokens.ok, model))
  }

  var parameters: JSON { ["form": "line-marking", "temperature": 0] }

  /// A line and how much it looks like the fault.
  private struct Mark {
    let chunk: Int
    let file: String
    let line: ViewedLine
    let score: Double
  }

  func answer(
    _ question: String, about view: RepositoryView, with model: LanguageModel, check: () throws -> Void
  ) throws -> StrategyAnswer {
    var meter = UsageMeter()
    let longestLabel = labels.map(\.count).max() ?? 0
    let chunks = try rendering.chunks(of: view, capacity: model.contextLength, reserve: longestLabel + 2)

    var marks: [Mark] = []
    // The last chunk's context: mostly the only one, and then the question just continues it.
    var last: (chunk: Int, context: DecoderContext, end: KeyValueCaches.Place)?
    for (index, chunk) in chunks.enumerated() {
      let context = model.newContext()
      let rows = try context.readInPieces(chunk.ids, logitsAt: chunk.lines.map(\.end), check: check)
      last = (index, context, context.place)
      for (line, logits) in zip(chunk.lines, rows) {
        marks.append(
          Mark(
            chunk: index, file: line.file, line: line.line, score: Double(logits[bug]) - Double(logits[ok])))
      }
      meter.read(chunk.ids.count)
      meter.decided(chunk.lines.count)
    }
    var findings: [TriageResult.Finding] = []
    var texts: (summary: String, nextStep: String)?
    for mark in chosen(marks) {
      let context: DecoderContext
      if let last, last.chunk == mark.chunk {
        context = last.context
        context.goBack(to: last.end)
      } else {
        context = model.newContext()
        _ = try context.readInPieces(chunks[mark.chunk].ids, logitsAt: [], check: check)
        meter.read(chunks[mark.chunk].ids.count)
      }
      let label = try self.label(of: mark.line, in: context, &meter, check)
      let values = [
        "file": mark.file, "line": mark.line.evidence, "line_number": "\(mark.line.number)",
        "label": label.text,
      ]
      findings.append(
        TriageResult.Finding(
          file: mark.file, issue: filled(label.issue, values), evidence: mark.line.evidence,
          confidence: 1 / (1 + exp(-mark.score))))
      texts = texts ?? (filled(label.summary, values), filled(label.nextStep, values))
    }
    return StrategyAnswer(
      TriageResult(
        summary: texts?.summary ?? "", filesInspected: view.inspected, findings: findings,
        recommendedNextStep: texts?.nextStep ?? ""),
      usage: meter.usage(ratedBy: .tokensRead))
  }

  /// The best line, and further ones above the threshold; best first, the earlier one on ties.
  private func chosen(_ marks: [Mark]) -> [Mark] {
    let order = marks.indices.sorted { left, right in
      marks[left].score != marks[right].score ? marks[left].score > marks[right].score : left < right
    }
    return order.prefix(marking.maximumFindings).enumerated()
      .filter { $0.offset == 0 || marks[$0.element].score > marking.threshold }
      .map { marks[$0.element] }
  }

  /// Asks what is wrong with a line of what `context` has read, and weighs each label.
  private func label(
    of line: ViewedLine, in context: DecoderContext, _ meter: inout UsageMeter, _ check: () throws -> Void
  ) throws -> TriageDeclaration.LineMarking.Label {
    let question = try rendering.question(about: line)
    let first = try context.readInPieces(question, logitsAt: [question.count - 1], check: check)
    let start = context.place
    meter.read(question.count)
    var best: (index: Int, likelihood: Double)?
    for (index, ids) in labels.enumerated() {
      try check()
      var rows = first
      if ids.count > 1 { rows += try context.read(Array(ids.dropLast()), logitsAt: Array(0..<ids.count - 1)) }
      let likelihood = zip(ids, rows).reduce(0.0) { $0 + logProbability(of: $1.0, in: $1.1) }
      context.goBack(to: start)
      meter.read(ids.count - 1)
      if let current = best, current.likelihood >= likelihood { continue }
      best = (index, likelihood)
    }
    let index = best?.index ?? 0
    meter.decided(labels[index].count)
    return marking.labels[index]
  }

  /// A template with its `{name}` parts replaced, once, from left to right.
  private func filled(_ template: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = Substring(template)
    while let open = rest.firstIndex(of: "{") {
      let close = rest[open...].firstIndex(of: "}")
      guard let close, let value = values[String(rest[rest.index(after: open)..<close])] else {
        result += rest[...open]
        rest = rest[rest.index(after: open)...]
        continue
      }
      result += rest[..<open] + value
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }
}
