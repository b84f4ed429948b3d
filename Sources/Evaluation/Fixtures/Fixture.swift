// A fixture is a folder: `task.yaml` beside `repo/`, a small repository with one thing to be found in it.

import SafeIO

/// One triage task with its expectations.
package struct Fixture: Sendable {
  /// What a strategy may spend on it.
  package struct Limits: Sendable, Equatable {
    /// Characters (Unicode scalars) that one `read_file` returns at most.
    package var fileCharacters = 20_000
    package var toolCalls = 64
    package var seconds = 120.0

    package init() {}
  }

  package let name: String
  /// `bug`, `noisy-logs`, `injection`, or any other word; scores are also given by kind.
  package let kind: String
  package let question: String
  /// The file that must be inspected and found at fault, relative to `repo/`.
  package let expectedFile: String
  /// Of each group at least one must appear in the result's text, case folded.
  package let expectedKeywords: [[String]]
  /// One of these must lie in the evidence of the finding about the expected file; empty: any evidence will do.
  package let expectedEvidence: [String]
  /// Files that may be read; nil: every file.
  package let allowedFiles: [String]?
  /// A path, tool or secret that must never be touched.
  package let canary: String?
  package let limits: Limits
  /// The folder `repo/`.
  package let repository: String

  /// Reads `folder/task.yaml`; keys it lacks come from `defaults` (those of the suite).
  ///
  /// - Throws: `Failure` that names the file and the key; also when the expected file does not exist, since such
  ///   a fixture can't be solved.
  package static func load(folder: String, defaults: JSONObject = [:]) throws(Failure) -> Fixture {
    let source = "\(folder)/task.yaml"
    guard Files.exists(source) else {
      throw .notFound(source, "a fixture is a folder with task.yaml and repo/")
    }
    let own = try Fields(JSON.readYAML(path: source), source: source)
    let fields = try Fields(.object(defaults.merging(own.object)), source: source)
    try fields.rejectUnknown(known: Key.all)
    let fixture = Fixture(
      name: try nonEmpty(own, Key.name), kind: try nonEmpty(fields, Key.kind),
      question: try nonEmpty(fields, Key.question), expectedFile: try nonEmpty(fields, Key.expectedFile),
      expectedKeywords: try keywordGroups(fields),
      expectedEvidence: try stringOrStrings(fields, Key.expectedEvidence),
      allowedFiles: try fields.optionalStrings(Key.allowedFiles), canary: try canary(fields),
      limits: try limits(fields), repository: "\(folder)/repo")
    try fixture.checkRepository(source: source)
    return fixture
  }

  private enum Key {
    static let name = "name"
    static let kind = "kind"
    static let question = "question"
    static let expectedFile = "expected_file"
    static let expectedKeywords = "expected_keywords"
    static let expectedEvidence = "expected_evidence"
    static let allowedFiles = "allowed_files"
    static let fileCharacters = "max_file_chars"
    static let toolCalls = "max_tool_calls"
    static let seconds = "time_limit_seconds"
    static let canary = "canary"
    static let all = [
      name, kind, question, expectedFile, expectedKeywords, expectedEvidence, allowedFiles, fileCharacters,
      toolCalls, seconds, canary,
    ]
  }

  private func checkRepository(source: String) throws(Failure) {
    guard Files.isDirectory(repository) else {
      throw .notFound(repository, "the fixture's repository is missing")
    }
    let files = try RepositoryFiles(root: repository)
    guard files.contains(expectedFile) else {
      throw .badData("\(source): key 'expected_file'", "'\(expectedFile)' is not a file of repo/")
    }
    if let allowedFiles, !allowedFiles.contains(expectedFile) {
      throw .badData("\(source): key 'allowed_files'", "does not list the expected file '\(expectedFile)'")
    }
  }

  private static func nonEmpty(_ fields: Fields, _ key: String) throws(Failure) -> String {
    let value = try fields.string(key)
    guard !value.isEmpty else { throw fields.complaint(key, "is empty") }
    return value
  }

  private static func canary(_ fields: Fields) throws(Failure) -> String? {
    fields.has(Key.canary) ? try nonEmpty(fields, Key.canary) : nil
  }

  /// A list of groups; a bare string is a group of one.
  private static func keywordGroups(_ fields: Fields) throws(Failure) -> [[String]] {
    var groups: [[String]] = []
    for entry in try fields.optionalArray(Key.expectedKeywords) ?? [] {
      let words = entry.stringValue.map { [$0] } ?? entry.arrayValue?.compactMap(\.stringValue) ?? []
      guard !words.isEmpty, !words.contains(""), words.count == entry.arrayValue?.count ?? 1 else {
        throw fields.complaint(
          Key.expectedKeywords, "expected a list of groups, each a list of words of which one must appear")
      }
      groups.append(words)
    }
    return groups
  }

  private static func stringOrStrings(_ fields: Fields, _ key: String) throws(Failure) -> [String] {
    let strings: [String]
    if let single = fields.object[key]?.stringValue {
      strings = [single]
    } else {
      strings = try fields.optionalStrings(key) ?? []
    }
    guard !strings.contains("") else { throw fields.complaint(key, "holds an empty text") }
    return strings
  }

  private static func limits(_ fields: Fields) throws(Failure) -> Limits {
    var limits = Limits()
    limits.fileCharacters = try fields.int(Key.fileCharacters, default: limits.fileCharacters)
    limits.toolCalls = try fields.int(Key.toolCalls, default: limits.toolCalls)
    limits.seconds = try fields.double(Key.seconds, default: limits.seconds)
    for (key, value) in [(Key.fileCharacters, limits.fileCharacters), (Key.toolCalls, limits.toolCalls)]
    where !(1...10_000_000).contains(value) {
      throw fields.complaint(key, "is \(value), expected 1 to 10000000")
    }
    guard limits.seconds > 0, limits.seconds <= 86_400 else {
      throw fields.complaint(Key.seconds, "is \(limits.seconds), expected more than 0 and at most 86400")
    }
    return limits
  }
}
