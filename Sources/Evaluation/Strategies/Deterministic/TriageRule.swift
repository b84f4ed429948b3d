// A rule knows one common shape of fault. It reports where it sees the shape and how sure it is; the strategy
// gathers the reports and keeps the best. A new rule is a new file and a line in `DeterministicStrategy.rules`.

/// One shape of fault.
protocol TriageRule: Sendable {
  /// Every place where the shape appears.
  func reports(on repository: RepositoryText) -> [RuleReport]
}

/// What a rule saw.
struct RuleReport: Equatable {
  let file: String
  /// Counted from 1.
  let line: Int
  /// The line itself.
  let evidence: String
  /// What is wrong, in words.
  let issue: String
  let nextStep: String
  /// 0…1.
  let confidence: Double

  init(_ file: String, _ line: CodeLine, issue: String, nextStep: String, confidence: Double) {
    self.init(
      file: file, line: line.number, evidence: line.text, issue: issue, nextStep: nextStep,
      confidence: confidence)
  }

  init(file: String, line: Int, evidence: String, issue: String, nextStep: String, confidence: Double) {
    self.file = file
    self.line = line
    self.evidence = evidence
    self.issue = issue
    self.nextStep = nextStep
    self.confidence = confidence
  }
}

/// The files of a repository as the rules read them.
struct RepositoryText {
  /// A file as plain lines.
  struct PlainFile {
    let path: String
    let lines: [String]
  }

  /// Code that is not a test.
  var sources: [SourceText] = []
  var tests: [SourceText] = []
  var documents: [PlainFile] = []
  /// Logs; of a log too long to be read whole, its beginning and its severe lines.
  var logs: [LogText] = []
  /// Every file, whatever its kind.
  var everything: [PlainFile] = []

  /// The prose of the documents, in lower case.
  var prose: String { documents.flatMap(\.lines).joined(separator: "\n").lowercased() }
}

/// A log as far as it was read.
struct LogText {
  let path: String
  /// Line numbers (from 1) and texts, ascending.
  let lines: [(number: Int, text: String)]
}
