// Reading logs without knowing their format: how serious a line is, which lines say the same thing, and which few
// lines of a long log deserve to be looked at.

/// How serious a log line calls itself.
package enum LogSeverity: Int, Sendable, Comparable {
  case none = 0
  case warning = 2
  case error = 3
  case fatal = 4

  /// The greatest severity among the words of the line; a word is a run of ASCII letters.
  package init(line: String) {
    var severity = LogSeverity.none
    for word in line.utf8.split(whereSeparator: { !Self.isLetter($0) }) where word.count <= 9 {
      let found = Self.words[String(decoding: word.map { $0 | 0x20 }, as: UTF8.self)] ?? .none
      severity = max(severity, found)
    }
    self = severity
  }

  package static func < (left: LogSeverity, right: LogSeverity) -> Bool { left.rawValue < right.rawValue }

  private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

  private static let words: [String: LogSeverity] = [
    "fatal": .fatal, "panic": .fatal, "critical": .fatal, "emerg": .fatal, "emergency": .fatal,
    "alert": .fatal,
    "error": .error, "err": .error, "severe": .error, "exception": .error, "traceback": .error,
    "fail": .error,
    "failed": .error, "failure": .error,
    "warn": .warning, "warning": .warning,
  ]
}

/// Finds what is common to log lines, and what is not.
package enum LogLines {
  /// The line without what changes from one occurrence to the next: every word that holds a digit becomes `#`.
  package static func template(of line: String) -> String {
    line.split(whereSeparator: \.isWhitespace)
      .map { word in word.utf8.contains { (48...57).contains($0) } ? "#" : String(word) }
      .joined(separator: " ")
  }

  /// The positions of the lines worth reading, in their order: the most severe first, of those the rarest, each
  /// template once.
  package static func worthReading(_ lines: [String], atMost limit: Int) -> [Int] {
    guard lines.count > limit else { return Array(lines.indices) }
    let templates = lines.map(template)
    let severities = lines.map(LogSeverity.init)
    let counts = Dictionary(templates.map { ($0, 1) }, uniquingKeysWith: +)
    let order = lines.indices.sorted { left, right in
      if severities[left] != severities[right] { return severities[left] > severities[right] }
      let leftCount = counts[templates[left], default: 0]
      let rightCount = counts[templates[right], default: 0]
      return leftCount == rightCount ? left < right : leftCount < rightCount
    }
    var seen: Set<String> = []
    var kept: [Int] = []
    for index in order where kept.count < limit && seen.insert(templates[index]).inserted {
      kept.append(index)
    }
    return kept.sorted()
  }
}
