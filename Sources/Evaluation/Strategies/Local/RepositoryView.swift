// What a local model gets to see of a repository: the lines worth reading, taken through the tools, in an order
// that does not depend on the machine. The rules of a line are the same for every form of asking, and for the
// training data of the line-marking form (scripts/triage/rendering.py).

import SafeIO

/// One line of a file.
struct ViewedLine: Sendable, Equatable {
  /// Counted from 1.
  let number: Int
  /// Indentation kept, nothing after the last visible character.
  let text: String

  /// The line as evidence: without blanks around it.
  var evidence: String { String(text.drop { $0 == " " || $0 == "\t" }) }
}

/// A file as it is shown.
struct ViewedFile: Sendable, Equatable {
  let path: String
  let kind: FileKind
  /// Never empty.
  var lines: [ViewedLine]
}

/// The files of a repository that have something to show: documents, tests, code, logs, each kind by path.
struct RepositoryView: Sendable {
  /// Lines of a log that are shown.
  static let logLines = 8
  /// Unicode scalars of a line that are shown.
  static let lineLength = 200
  /// What is searched in the part of a log that lies beyond the reading limit.
  private static let logPattern =
    "fatal|panic|critical|emerg|alert|err|severe|exception|traceback|fail|warn"

  let files: [ViewedFile]
  /// The paths that were opened, sorted.
  let inspected: [String]

  /// Reads the repository as far as the budget of calls reaches, code and logs first.
  ///
  /// A file that can't be read is passed over. Throws what `checkTime` and refusals of the tools throw.
  init(_ tools: ToolBox) throws {
    let paths = try tools.listFiles()
    let reading: [FileKind] = [.code, .log, .document, .test]
    var files: [ViewedFile] = []
    var inspected: [String] = []
    for kind in reading {
      for path in paths where FileKind(path: path) == kind && tools.remainingCalls > 0 {
        guard let file = try Self.read(path, kind, tools, &inspected) else { continue }
        files.append(file)
      }
    }
    let showing: [FileKind] = [.document, .test, .code, .log]
    self.files = showing.flatMap { kind in files.filter { $0.kind == kind } }
    self.inspected = inspected.sorted { $0.precedes($1) }
  }

  private static func read(
    _ path: String, _ kind: FileKind, _ tools: ToolBox, _ inspected: inout [String]
  ) throws -> ViewedFile? {
    let excerpt: FileExcerpt
    do {
      excerpt = try tools.readFile(path)
    } catch let failure as Failure where [.io, .badData, .notFound].contains(failure.kind) {
      return nil
    }
    inspected.append(path)
    // By scalars: as a character, "\r\n" is one and would not be split.
    var texts = excerpt.text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0) }
    // Of a text that was cut within a line, the last line is not a line of the file.
    if excerpt.truncated, texts.count > 1 { texts.removeLast() }
    var lines = texts.enumerated().compactMap { Self.line($0.offset + 1, $0.element) }
    if kind == .log, excerpt.truncated, tools.remainingCalls > 0 {
      let found = try tools.grep(logPattern, in: path, ignoringCase: true).matches
      lines += found.filter { $0.line > texts.count }.compactMap { Self.line($0.line, $0.text) }
    }
    if kind == .log {
      lines = LogLines.worthReading(lines.map(\.text), atMost: logLines).map { lines[$0] }
    }
    return lines.isEmpty ? nil : ViewedFile(path: path, kind: kind, lines: lines)
  }

  /// The line as it is shown; nil for blank lines and for bytes that were not text.
  private static func line(_ number: Int, _ text: String) -> ViewedLine? {
    let whole = trimmed(text.unicodeScalars)
    guard whole.contains(where: { $0 != " " && $0 != "\t" }) else { return nil }
    guard !whole.contains(where: { $0 == "\0" || $0 == "\u{FFFD}" }) else { return nil }
    return ViewedLine(number: number, text: String(trimmed(whole.prefix(lineLength))))
  }

  private static func trimmed(_ scalars: some BidirectionalCollection<Unicode.Scalar>)
    -> Substring.UnicodeScalarView
  {
    var end = scalars.endIndex
    while end > scalars.startIndex, [" ", "\t", "\r"].contains(scalars[scalars.index(before: end)]) {
      end = scalars.index(before: end)
    }
    var kept = String.UnicodeScalarView()
    kept.append(contentsOf: scalars[..<end])
    return Substring(String(kept)).unicodeScalars
  }
}
