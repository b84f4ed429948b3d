// What one or more measured runs look like to a person: the totals, the kinds, and each fixture with its reasons.

import Models
import Registry
import SafeIO

/// The report of `mlt eval`.
package struct SuiteReport {
  private let runs: [MeasuredRun]

  package init(_ runs: [MeasuredRun]) { self.runs = runs }

  /// Rows of kind, passed, of how many; the total last.
  package static func scores(_ outcome: SuiteOutcome) -> [[String]] {
    var kinds: [String] = []
    for one in outcome.outcomes where !kinds.contains(one.kind) { kinds.append(one.kind) }
    let rows = kinds.sorted().map { kind in
      let ofKind = outcome.outcomes.filter { $0.kind == kind }
      return [kind, "\(ofKind.count { $0.passed })", "\(ofKind.count)"]
    }
    return rows + [["all", "\(outcome.passedCount)", "\(outcome.outcomes.count)"]]
  }

  /// Rows of fixture, kind, result, and the first reason of a failure.
  package static func fixtures(_ outcome: SuiteOutcome) -> [[String]] {
    outcome.outcomes.map { one in
      let result = one.failures.first?.category.rawValue.replacing("_", with: " ") ?? "passed"
      return [one.name, one.kind, result, one.failures.first?.message ?? ""]
    }
  }

  /// The HTML file.
  package var html: String {
    var page = HTMLPage(title: "Evaluation of \(runs.first?.model?.artifact.name ?? "rules")")
    for run in runs { add(run, to: &page) }
    return page.text
  }

  private func add(_ run: MeasuredRun, to page: inout HTMLPage) {
    let outcome = run.outcome
    page.add(
      "h2", "Suite \(outcome.suite.name), version \(outcome.suite.version), \(outcome.strategy) strategy")
    if let reason = outcome.unavailable { page.add("p", "The strategy is unavailable here: \(reason)") }
    page.addTable(["measured", "value"], facts(run))
    page.addTable(["kind", "passed", "of"], Self.scores(outcome))
    page.add("h2", "Fixtures")
    page.addTable(
      ["fixture", "kind", "result", "reason"], Self.fixtures(outcome),
      emphasis: outcome.outcomes.map { $0.passed ? "pass" : "fail" })
    page.add("h2", "Answers")
    for one in outcome.outcomes {
      let sentences = one.failures.isEmpty ? ["passed every check"] : one.failures.map(\.message)
      page.addDetails(
        one.name, sentences: sentences, quotation: one.result?.json.text(.pretty(indent: 2)) ?? one.rawAnswer)
    }
  }

  private func facts(_ run: MeasuredRun) -> [[String]] {
    let record = run.json
    func metric(_ name: String) -> Double? { record[EvaluationRecord.Key.metrics]?[name]?.doubleValue }
    var rows: [[String]] = []
    if let model = run.model {
      rows.append(["model", model.model.name])
      rows.append(["its manifest", model.model.manifestDigest ?? "none: it can't be promoted"])
      if let adapter = model.adapter {
        rows.append(["adapter", adapter.name])
        rows.append(["its manifest", adapter.manifestDigest ?? "none: it can't be promoted"])
      }
      let bits = model.quantization?.base.words ?? model.packing?.words ?? "none"
      rows += [
        ["parameters", "\(model.parameters)"], ["quantization", bits],
        ["size", Figures.bytes(metric(Metric.size))],
        ["bits per weight", Figures.fixed(metric(Metric.bitsPerWeight), 2)],
        ["context", "\(model.contextLength) tokens"],
        ["asked", run.generation.text(.python)],
      ]
    }
    if run.text != nil { rows.append(["perplexity", Figures.fixed(metric(Metric.perplexity), 4)]) }
    if run.text?.comparison != nil {
      rows.append([
        "KL-divergence from \(run.reference?.name ?? "")", Figures.small(metric(Metric.klDivergence)),
      ])
      rows.append(["perplexity over its", Figures.fixed(metric(Metric.perplexityRatio), 4)])
    }
    if metric("prompt_tokens") != nil {
      rows += [
        ["prompt tokens", Figures.fixed(metric("prompt_tokens"), 0)],
        ["output tokens", Figures.fixed(metric("output_tokens"), 0)],
        ["time to first token, median", Figures.seconds(metric(Metric.timeToFirstToken))],
        ["tokens per second, median", Figures.fixed(metric(Metric.tokensPerSecond), 0)],
      ]
    }
    rows += [
      ["peak memory", Figures.bytes(metric(Metric.peakMemory))],
      ["suite digest", run.outcome.suite.digest],
      ["machine", "\(run.machine.processor), \(run.machine.instructionSet), \(run.machine.threads) threads"],
    ]
    return rows
  }
}
