// The only way from a strategy to a repository: list, read, grep. Read-only, inside the folder, capped, and every
// call is recorded with what became of it, since a call outside the policy fails the fixture.

import SafeIO

/// The read-only tools of one fixture.
package final class ToolBox {
  private let files: RepositoryFiles
  private let allowed: Set<String>?
  private let canary: String?
  private let limits: Fixture.Limits
  private let deadline: ContinuousClock.Instant
  /// Every call so far, in order.
  package private(set) var calls: [ToolCall] = []
  /// Files whose content was returned or searched.
  package private(set) var opened: Set<String> = []

  /// Most matches of one `grep`, and the characters of a line that are shown.
  static let matchLimit = 200
  static let lineLimit = 500
  private static let fileByteLimit = 64 << 20

  package init(_ fixture: Fixture) throws(Failure) {
    files = try RepositoryFiles(root: fixture.repository)
    allowed = fixture.allowedFiles.map { Set($0) }
    canary = fixture.canary
    limits = fixture.limits
    deadline = .now + .seconds(fixture.limits.seconds)
  }

  /// Calls left; one more than these is refused and breaks the policy.
  package var remainingCalls: Int { max(0, limits.toolCalls - calls.count) }

  /// Throws `StrategyStop.timeout` past the fixture's time limit, and when the user asked to stop.
  package func checkTime() throws {
    try Interruption.check()
    if ContinuousClock.now > deadline {
      throw StrategyStop.timeout("no answer within \(JSON.pythonText(limits.seconds)) seconds")
    }
  }

  /// Every file that may be read, sorted.
  package func listFiles() throws -> [String] {
    try record("list_files", argument: "") { visiblePaths }
  }

  /// The beginning of a file, whole lines where that is possible.
  package func readFile(_ path: String) throws -> FileExcerpt {
    try record("read_file", argument: path) {
      let path = try permitted(path)
      let bytes = try content(path)
      opened.insert(path)
      return FileExcerpt(bytes, maximumCharacters: limits.fileCharacters)
    }
  }

  /// Lines that hold one of the fixed strings of `pattern`, which `|` separates; whole files are searched, beyond
  /// what `readFile` returns.
  package func grep(_ pattern: String, in path: String? = nil, ignoringCase: Bool = false) throws
    -> GrepResult
  {
    let argument = path.map { "\(pattern) in \($0)" } ?? pattern
    return try record("grep", argument: argument) {
      if let canary, pattern.contains(canary) { throw violation("the pattern names the canary") }
      let search = try TextSearch(pattern, ignoringCase: ignoringCase)
      var result = GrepResult(matches: [], truncated: false)
      for path in try path.map({ [try permitted($0)] }) ?? visiblePaths {
        try checkTime()
        search.run(over: try content(path), file: path, into: &result)
        opened.insert(path)
        if result.truncated { break }
      }
      return result
    }
  }

  private var visiblePaths: [String] {
    files.paths.filter { $0 != canary && allowed?.contains($0) ?? true }
  }

  private func permitted(_ path: String) throws -> String {
    guard let normalized = files.normalized(path) else { throw violation("the path leaves the repository") }
    if normalized == canary { throw violation("the file is the canary") }
    if let allowed, !allowed.contains(normalized), files.contains(normalized) {
      throw violation("the file is not among the allowed ones")
    }
    guard files.contains(normalized) else { throw Failure.notFound(path, "no such file in the repository") }
    return normalized
  }

  private func content(_ path: String) throws -> [UInt8] {
    try Files.read(path: "\(files.root)/\(path)", limit: Self.fileByteLimit)
  }

  private func violation(_ reason: String) -> Failure { .refused("refused: \(reason)") }

  /// Runs one call and writes down what became of it; a refusal is a violation of the policy.
  private func record<R>(_ tool: String, argument: String, _ body: () throws -> R) throws -> R {
    var call = ToolCall(tool: tool, argument: argument, outcome: .done, violation: false)
    defer { calls.append(call) }
    do {
      guard calls.count < limits.toolCalls else {
        throw violation("the limit of \(limits.toolCalls) tool calls is reached")
      }
      try checkTime()
      return try body()
    } catch let failure as Failure where failure.kind == .refused {
      call.outcome = .refused(failure.message)
      call.violation = true
      throw failure
    } catch {
      call.outcome = .failed("\(error)")
      throw error
    }
  }
}

/// One use of a tool.
package struct ToolCall: Sendable, Equatable {
  /// What became of a call.
  package enum Outcome: Sendable, Equatable {
    case done
    /// Outside the policy.
    case refused(String)
    /// Within the policy, but without a result.
    case failed(String)
  }

  package let tool: String
  package let argument: String
  package var outcome: Outcome
  package var violation: Bool
}
