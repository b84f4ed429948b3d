// The filter `wordwrap`: lines of at most a width, as Python's textwrap makes them with hyphens as places to break.

import SafeIO

/// Breaks one line of text.
struct TemplateWrapping {
  let width: Int
  /// Whether words longer than a line are cut.
  let breaksWords: Bool
  /// Whether a line may end behind a hyphen within a word.
  let breaksAtHyphens: Bool

  static func filter(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let wrapping = TemplateWrapping(
      width: try call.integer(0, "width") ?? 79, breaksWords: call.flag(1, "break_long_words", true),
      breaksAtHyphens: call.flag(3, "break_on_hyphens", true))
    guard wrapping.width > 0 else { throw call.failure("invalid width \(wrapping.width) (must be > 0)") }
    let separator = try call.text(2, "wrapstring") ?? "\n"
    var result = ""
    for (index, line) in TemplateText.lines(try call.evaluator.string(value)).enumerated() {
      let pieces = wrapping.lines(of: line)
      try call.evaluator.spend(pieces.count)
      if index > 0 { try call.evaluator.append(separator, to: &result) }
      for (index, piece) in pieces.enumerated() {
        if index > 0 { try call.evaluator.append(separator, to: &result) }
        try call.evaluator.append(piece, to: &result)
      }
    }
    return .string(result)
  }

  private typealias Chunk = ArraySlice<Unicode.Scalar>

  private func lines(of text: String) -> [String] {
    let scalars = Array(text.unicodeScalars)
    var chunks = chunks(of: scalars)[...]
    var lines: [String] = []
    while let first = chunks.first {
      if !lines.isEmpty, Self.isBlank(first) { chunks.removeFirst() }
      var line: [Chunk] = []
      var length = 0
      while let next = chunks.first, length + next.count <= width {
        line.append(next)
        length += next.count
        chunks.removeFirst()
      }
      if let next = chunks.first, next.count > width {
        if breaksWords {
          let end = cut(of: next, room: width - length)
          line.append(next.prefix(end))
          chunks[chunks.startIndex] = next.dropFirst(end)
        } else if line.isEmpty {
          line.append(next)
          chunks.removeFirst()
        }
      }
      if let last = line.last, Self.isBlank(last) { line.removeLast() }
      if !line.isEmpty {
        lines.append(String(String.UnicodeScalarView(line.joined())))
      }
    }
    return lines
  }

  /// How much of a long word stands on the line: up to its last hyphen that fits, else all that fits.
  private func cut(of word: Chunk, room: Int) -> Int {
    let fitting = word.prefix(room)
    guard breaksAtHyphens, let hyphen = fitting.lastIndex(of: "-"), fitting[..<hyphen].contains(where: { $0 != "-" })
    else { return room }
    return hyphen - word.startIndex + 1
  }

  private static func isBlank(_ chunk: Chunk) -> Bool { chunk.allSatisfy(TemplateText.isSpace) }

  // MARK: Words

  /// Words, blanks and dashes: a line may end between any two of them.
  private func chunks(of text: [Unicode.Scalar]) -> [Chunk] {
    var chunks: [Chunk] = []
    var start = 0
    while start < text.count {
      let end = self.end(from: start, in: text)
      chunks.append(text[start..<end])
      start = end
    }
    return chunks
  }

  private func end(from start: Int, in text: [Unicode.Scalar]) -> Int {
    var end = start
    if Self.isWhite(text[start]) {
      while end < text.count, Self.isWhite(text[end]) { end += 1 }
      return end
    }
    if breaksAtHyphens, let dash = dashEnd(at: start, in: text) { return dash }
    end += 1
    while end < text.count, !Self.isWhite(text[end]) {
      if breaksAtHyphens {
        if isHyphen(end, in: text) { return end + 1 }
        if dashEnd(at: end, in: text) != nil { return end }
      }
      end += 1
    }
    return end
  }

  /// Where dashes end that stand between words.
  private func dashEnd(at start: Int, in text: [Unicode.Scalar]) -> Int? {
    guard text[start] == "-", start > 0, Self.isWord(text[start - 1]) || "!\"'&.,?".unicodeScalars.contains(text[start - 1])
    else { return nil }
    var end = start
    while end < text.count, text[end] == "-" { end += 1 }
    return end - start > 1 && end < text.count && Self.isWord(text[end]) ? end : nil
  }

  /// Whether a hyphen stands within a word: letters before and behind it.
  private func isHyphen(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
    guard text[index] == "-" else { return false }
    let isLetter = { (index: Int) in
      text.indices.contains(index) && Self.isWord(text[index]) && text[index].properties.numericType != .decimal
    }
    let follows =
      isLetter(index - 1) && (isLetter(index - 2) || index > 2 && text[index - 2] == "-" && isLetter(index - 3))
    let precedes = isLetter(index + 1) && (isLetter(index + 2) || index + 2 < text.count && text[index + 2] == "-" && isLetter(index + 3))
    return follows && precedes
  }

  /// White space within ASCII, where alone lines break.
  private static func isWhite(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || 9...13 ~= scalar.value }

  /// What `\w` matches.
  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || TemplateText.isLetter(scalar) || scalar.properties.numericType != nil
  }
}
