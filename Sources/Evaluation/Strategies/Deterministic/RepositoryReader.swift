// Reads a repository through the tools, within their budget: one listing, the severe lines of all logs by `grep`
// (a log may be longer than what one read returns), then file by file.

import SafeIO

/// Reads what the rules need.
struct RepositoryReader {
  private let tools: ToolBox
  /// Files that were read, in order.
  private(set) var inspected: [String] = []

  init(_ tools: ToolBox) { self.tools = tools }

  /// Endings of files that hold no text worth reading, or keys that no rule needs to see.
  private static let skipped: Set<String> = [
    "png", "jpg", "jpeg", "gif", "ico", "pdf", "zip", "gz", "bz2", "xz", "jar", "so", "pyc", "o", "bin",
    "woff", "ttf", "key", "pem", "p12", "der",
  ]
  /// Log levels and causes by which a long log is searched.
  private static let searches = [
    "fatal|panic|critical|emerg|alert", "error|exception|severe",
    "killed|out of memory|no space|denied|expired|exhausted|corrupt",
  ]

  /// Reads as many files as the budget allows: code first, then logs, documents, tests.
  mutating func read() throws -> RepositoryText {
    var repository = RepositoryText()
    guard tools.remainingCalls > 0 else { return repository }
    let order: [FileKind] = [.code, .log, .document, .test]
    let paths = try tools.listFiles().filter { path in
      !Self.skipped.contains(path.split(separator: ".").last.map { $0.lowercased() } ?? "")
    }
    let sorted = order.flatMap { kind in paths.filter { FileKind(path: $0) == kind } }
    for path in sorted where tools.remainingCalls > 0 {
      let excerpt = try tools.readFile(path)
      inspected.append(path)
      add(path, try lines(of: excerpt, path: path), to: &repository)
    }
    return repository
  }

  /// The lines of a file with their numbers; of a log that was cut, also the severe lines of the rest.
  private func lines(of excerpt: FileExcerpt, path: String) throws -> [(number: Int, text: String)] {
    var lines = excerpt.text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated().map {
        (number: $0 + 1, text: Self.withoutReturn(String($1)))
      }
    guard excerpt.truncated, FileKind(path: path) == .log else { return lines }
    // The last piece is empty, or a line that was cut.
    lines.removeLast()
    var seen = Set(lines.map(\.number))
    for search in Self.searches where tools.remainingCalls > 0 {
      let found = try tools.grep(search, in: path, ignoringCase: true)
      for match in found.matches where seen.insert(match.line).inserted {
        lines.append((number: match.line, text: Self.withoutReturn(match.text)))
      }
    }
    return lines.sorted { $0.number < $1.number }
  }

  private func add(
    _ path: String, _ lines: [(number: Int, text: String)], to repository: inout RepositoryText
  ) {
    let texts = lines.map(\.text)
    repository.everything.append(RepositoryText.PlainFile(path: path, lines: texts))
    switch FileKind(path: path) {
    case .log: repository.logs.append(LogText(path: path, lines: lines))
    case .document: repository.documents.append(RepositoryText.PlainFile(path: path, lines: texts))
    case .test: repository.tests.append(SourceText(path: path, lines: texts))
    case .code: repository.sources.append(SourceText(path: path, lines: texts))
    }
  }

  private static func withoutReturn(_ line: String) -> String {
    line.unicodeScalars.last == "\r" ? String(line.unicodeScalars.dropLast()) : line
  }
}
