// `triage.json` beside a model says how the model wants to be asked. The strategy knows the forms; which one a
// model speaks, with which tokens and labels, is the model's own business.

import SafeIO

/// How a model wants to be asked.
package enum TriageDeclaration: Sendable, Equatable {
  /// By its chat template.
  case chat
  /// With plain text that it continues.
  case plain
  /// With a repository whose lines it marks.
  case lineMarking(LineMarking)

  /// The name of the file beside the model.
  package static let fileName = "triage.json"

  /// The line-marking form's vocabulary.
  package struct LineMarking: Sendable, Equatable {
    /// The text of each token that has a part in the form.
    package struct Tokens: Sendable, Equatable {
      package var file: String
      package var endOfLine: String
      package var bug: String
      package var ok: String
      package var ask: String
      package var answer: String
    }

    /// One thing that can be wrong: what the model says, and what a person reads.
    package struct Label: Sendable, Equatable {
      /// The text whose likelihood the model decides on.
      package var text: String
      /// `{file}`, `{line}`, `{line_number}` and `{label}` in these stand for what was found.
      package var issue: String
      package var summary: String
      package var nextStep: String
    }

    package var tokens: Tokens
    package var labels: [Label]
    /// Findings in an answer, at least one.
    package var maximumFindings: Int
    /// A further line is a finding when its logit for `bug` exceeds that for `ok` by more than this.
    package var threshold: Double
  }

  /// The declaration in a model's folder; without one, chat if the model has a chat template, else plain.
  package static func load(directory: String, hasChatTemplate: Bool) throws(Failure) -> TriageDeclaration {
    let path = "\(directory)/\(fileName)"
    guard Files.exists(path) else { return hasChatTemplate ? .chat : .plain }
    return try TriageDeclaration(JSON.read(path: path), source: path)
  }

  /// Reads a declaration; unknown forms and keys are errors.
  package init(_ json: JSON, source: String) throws(Failure) {
    let fields = try Fields(json, source: source)
    let form = try fields.string("form")
    switch form {
    case "chat", "plain":
      try fields.rejectUnknown(known: ["form"])
      self = form == "chat" ? .chat : .plain
    case "line-marking":
      try fields.rejectUnknown(known: ["form", "tokens", "labels", "max_findings", "threshold"])
      self = .lineMarking(try LineMarking(fields))
    default:
      throw fields.complaint("form", "is '\(form)', expected chat, plain or line-marking")
    }
  }
}

extension TriageDeclaration.LineMarking {
  fileprivate init(_ fields: Fields) throws(Failure) {
    let names = try fields.fields("tokens")
    try names.rejectUnknown(known: ["file", "end_of_line", "bug", "ok", "ask", "answer"])
    tokens = Tokens(
      file: try names.string("file"), endOfLine: try names.string("end_of_line"),
      bug: try names.string("bug"),
      ok: try names.string("ok"), ask: try names.string("ask"), answer: try names.string("answer"))
    labels = []
    for (index, entry) in try fields.array("labels").enumerated() {
      labels.append(try Self.label(entry, source: "\(fields.source): label \(index + 1)"))
    }
    if labels.isEmpty { throw fields.complaint("labels", "lists no label") }
    maximumFindings = try fields.int("max_findings", default: 1)
    guard (1...TriageResult.Bound.findings).contains(maximumFindings) else {
      throw fields.complaint(
        "max_findings", "is \(maximumFindings), expected 1 to \(TriageResult.Bound.findings)")
    }
    threshold = try fields.double("threshold", default: 0)
  }

  private static func label(_ entry: JSON, source: String) throws(Failure) -> Label {
    let fields = try Fields(entry.stringValue.map { ["label": .string($0)] } ?? entry, source: source)
    try fields.rejectUnknown(known: ["label", "issue", "summary", "next_step"])
    let text = try fields.string("label")
    if text.isEmpty { throw fields.complaint("label", "is empty") }
    return Label(
      text: text, issue: try fields.string("issue", default: "{label}"),
      summary: try fields.string("summary", default: "{file} has a fault at line {line_number}: {label}."),
      nextStep: try fields.string(
        "next_step", default: "Look at line {line_number} of {file} and correct it."))
  }
}
