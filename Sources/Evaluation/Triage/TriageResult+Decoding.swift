// Strict reading of a result: what a model wrote is hostile until it fits the schema. Bounds keep a record small
// whatever a model produces.

import SafeIO

extension TriageResult {
  /// Most findings, files and characters of one text that a result may hold.
  package enum Bound {
    package static let findings = 64
    package static let files = 1000
    package static let characters = 8000
  }

  /// Reads a result from JSON text: exactly the documented keys, types and ranges.
  ///
  /// - Throws: `Failure.badData` that names the key and what was expected there.
  package static func decode(_ text: String) throws(Failure) -> TriageResult {
    let source = "result"
    let fields = try Fields(JSON.parse(text, source: source), source: source)
    try fields.rejectUnknown(known: ["summary", "files_inspected", "findings", "recommended_next_step"])
    let files = try fields.strings("files_inspected")
    guard files.count <= Bound.files else {
      throw fields.complaint(
        "files_inspected", "has \(files.count) entries, at most \(Bound.files) are allowed")
    }
    let entries = try fields.array("findings")
    guard entries.count <= Bound.findings else {
      throw fields.complaint(
        "findings", "has \(entries.count) entries, at most \(Bound.findings) are allowed")
    }
    var findings: [Finding] = []
    for (index, entry) in entries.enumerated() {
      findings.append(try finding(Fields(entry, source: "\(source): finding \(index + 1)")))
    }
    return TriageResult(
      summary: try boundedString(fields, "summary"), filesInspected: files, findings: findings,
      recommendedNextStep: try boundedString(fields, "recommended_next_step"))
  }

  private static func finding(_ fields: Fields) throws(Failure) -> Finding {
    try fields.rejectUnknown(known: ["file", "issue", "evidence", "confidence"])
    let confidence = try fields.double("confidence")
    guard (0...1).contains(confidence) else {
      throw fields.complaint("confidence", "is \(confidence), expected a number from 0 to 1")
    }
    return Finding(
      file: try boundedString(fields, "file"), issue: try boundedString(fields, "issue"),
      evidence: try boundedString(fields, "evidence"), confidence: confidence)
  }

  private static func boundedString(_ fields: Fields, _ key: String) throws(Failure) -> String {
    let value = try fields.string(key)
    guard value.unicodeScalars.count <= Bound.characters else {
      throw fields.complaint(key, "is longer than \(Bound.characters) characters")
    }
    return value
  }
}
