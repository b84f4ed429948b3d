// The cause in a log: severe, rare, and before its symptoms. Lines that repeat are symptoms; lines that speak of a
// retry or a recovery are noise, and so is what the documentation calls harmless.

/// Finds the line of a log that names the cause.
struct LogRule: TriageRule {
  /// Words of lines that mended themselves.
  private static let recovered = [
    "retry", "retrying", "trying again", "again", "succeeded", "recovered", "reconnected", "ignored",
    "harmless", "scheduled", "second attempt",
  ]
  /// Words of root causes, whatever the system.
  private static let causes = [
    "out of memory", "oom", "killed process", "no space", "disk full", "space left", "permission denied",
    "access denied", "expired", "exhausted", "corrupt", "not found", "missing",
    "does not exist", "no such", "unknown", "unsupported", "invalid", "refused", "already in use", "deadlock",
    "segfault", "segmentation", "overflow", "read-only", "mismatch", "checksum",
    "dropped", "cannot", "can not", "can't", "could not open", "undefined", "null", "quota",
    "too many open files", "unreachable", "revoked",
  ]
  /// Words of consequences.
  private static let symptoms = [
    "waiting", "timeout", "timed out", "aborted", "500", "502", "503", "offline", "exited", "status 1",
    "has no", "giving up", "unavailable", "job finished", "queued", "lost",
  ]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    let prose = repository.prose
    return repository.logs.flatMap { log in reports(log, prose: prose) }
  }

  private func reports(_ log: LogText, prose: String) -> [RuleReport] {
    let templates = log.lines.map { LogLines.template(of: $0.text) }
    let counts = Dictionary(templates.map { ($0, 1) }, uniquingKeysWith: +)
    var scored: [(score: Double, index: Int)] = []
    for (index, line) in log.lines.enumerated() {
      let severity = LogSeverity(line: line.text)
      let text = line.text.lowercased()
      let namesCause = Self.causes.contains { text.contains($0) }
      guard severity >= .error || namesCause && severity != .warning || severity == .warning && namesCause
      else { continue }
      var score = [LogSeverity.fatal: 4.0, .error: 2.5, .warning: 0.5][severity] ?? 0.5
      if namesCause { score += 2 }
      if Self.symptoms.contains(where: { text.contains($0) }) { score -= 1.5 }
      if Self.recovered.contains(where: { text.contains($0) }) { score -= 3 }
      score -= min(2, Double(counts[templates[index], default: 1] - 1) * 0.5)
      scored.append((score, index))
    }
    // Of equal lines the first: a cause comes before what it causes.
    guard let best = scored.max(by: { $0.score < $1.score || $0.score == $1.score && $0.index > $1.index }),
      best.score >= 1.5
    else { return [] }
    let line = log.lines[best.index]
    return [
      RuleReport(
        file: log.path, line: line.number, evidence: line.text,
        issue:
          "Root cause in the log: this line names the cause; the errors after it are symptoms, and those that "
          + "were retried with success are noise.",
        nextStep: "Mend what the line names, then watch whether the later errors end.",
        confidence: min(0.95, 0.4 + best.score * 0.1))
    ]
  }
}
