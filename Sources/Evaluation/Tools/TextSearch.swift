// What `read_file` and `grep` return, and the search behind `grep`: fixed strings over bytes, since a pattern from
// a model must not be able to run away as a regular expression can.

import SafeIO

/// The beginning of a file.
package struct FileExcerpt: Sendable, Equatable {
  /// UTF-8 text; invalid bytes appear as U+FFFD.
  package let text: String
  /// Whether something was cut off.
  package let truncated: Bool

  /// Keeps at most `maximumCharacters` Unicode scalars, up to the last line end among them if there is one.
  init(_ bytes: [UInt8], maximumCharacters: Int) {
    // A scalar has at most four bytes, so this prefix holds more scalars than are kept, or the whole file.
    let prefix = String(decoding: bytes.prefix(maximumCharacters * 4 + 4), as: UTF8.self)
    let scalars = prefix.unicodeScalars
    guard
      let end = scalars.index(scalars.startIndex, offsetBy: maximumCharacters, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else {
      text = prefix
      truncated = false
      return
    }
    let kept = scalars[..<end]
    let lineEnd = kept.lastIndex(of: "\n").map { kept.index(after: $0) } ?? end
    text = String(kept[..<lineEnd])
    truncated = true
  }
}

/// One line that `grep` found.
package struct GrepMatch: Sendable, Equatable {
  package let file: String
  /// Counted from 1.
  package let line: Int
  package let text: String
}

/// What `grep` found.
package struct GrepResult: Sendable, Equatable {
  package var matches: [GrepMatch]
  /// Whether there are more.
  package var truncated: Bool
}

/// A search for any of a few fixed strings, line by line.
struct TextSearch {
  private let needles: [[UInt8]]
  private let ignoringCase: Bool

  /// - Throws: `Failure.usage` when the pattern holds no text.
  init(_ pattern: String, ignoringCase: Bool) throws(Failure) {
    let folded = ignoringCase ? pattern.lowercased() : pattern
    needles = folded.split(separator: "|").map { [UInt8]($0.utf8) }
    self.ignoringCase = ignoringCase
    guard !needles.isEmpty else { throw .usage("grep: the pattern is empty") }
  }

  /// Adds the matching lines of one file, until the limit of matches is reached.
  func run(over bytes: [UInt8], file: String, into result: inout GrepResult) {
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard matches(line) else { continue }
      guard result.matches.count < ToolBox.matchLimit else {
        result.truncated = true
        return
      }
      let shown = FileExcerpt([UInt8](line), maximumCharacters: ToolBox.lineLimit).text
      result.matches.append(GrepMatch(file: file, line: number, text: shown))
    }
  }

  private func matches(_ line: ArraySlice<UInt8>) -> Bool {
    let folded = ignoringCase ? line.map { (65...90).contains($0) ? $0 + 32 : $0 } : [UInt8](line)
    return needles.contains { folded.contains($0) }
  }
}
