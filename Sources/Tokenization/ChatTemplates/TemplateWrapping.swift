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
    for (index, line) in TemplateText.lines(try TemplateFilters.text(value, call)).enumerated() {
      if index > 0 { try call.evaluator.append(separator, to: &result) }
      try wrapping.write(Array(line.unicodeScalars), separator, to: &result, call.evaluator)
    }
    return .string(result)
  }

  private func write(
    _ text: [Unicode.Scalar], _ separator: String, to output: inout String, _ evaluator: TemplateEvaluator
  ) throws(Failure) {
    var isFirst = true
    var next = chunk(at: 0, in: text)
    while !next.isEmpty {
      try evaluator.spend(16)
      if !isFirst, Self.isBlank(text[next]) { next = chunk(at: next.upperBound, in: text) }
      // The line is one range of the text, whose last chunk is `last`.
      let start = next.lowerBound
      var last = start..<start
      while !next.isEmpty, next.upperBound - start <= width {
        last = next
        next = chunk(at: next.upperBound, in: text)
      }
      if next.count > width, breaksWords {
        last =
          next.lowerBound..<(next.lowerBound + cut(of: text[next], room: width - (next.lowerBound - start)))
        next = last.upperBound..<next.upperBound
      } else if next.count > width, last.isEmpty {
        last = next
        next = chunk(at: next.upperBound, in: text)
      }
      let end = Self.isBlank(text[last]) ? last.lowerBound : last.upperBound
      guard start < end else { continue }
      if !isFirst { try evaluator.append(separator, to: &output) }
      isFirst = false
      try evaluator.append(String(String.UnicodeScalarView(text[start..<end])), to: &output)
    }
  }

  /// How much of a long word stands on the line: up to its last hyphen that fits, else all that fits.
  private func cut(of word: ArraySlice<Unicode.Scalar>, room: Int) -> Int {
    let fitting = word.prefix(room)
    guard breaksAtHyphens, let hyphen = fitting.lastIndex(of: "-"),
      fitting[..<hyphen].contains(where: { $0 != "-" })
    else { return room }
    return hyphen - word.startIndex + 1
  }

  private static func isBlank(_ chunk: ArraySlice<Unicode.Scalar>) -> Bool {
    chunk.allSatisfy(TemplateText.isSpace)
  }

  // MARK: Words

  /// A word, blanks or dashes, before and behind which a line may end; nothing at the end of the text.
  private func chunk(at start: Int, in text: [Unicode.Scalar]) -> Range<Int> {
    start..<(start < text.count ? end(from: start, in: text) : start)
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
    guard text[start] == "-", start > 0,
      Self.isWord(text[start - 1]) || "!\"'&.,?".unicodeScalars.contains(text[start - 1])
    else { return nil }
    var end = start
    while end < text.count, text[end] == "-" { end += 1 }
    return end - start > 1 && end < text.count && Self.isWord(text[end]) ? end : nil
  }

  /// Whether a hyphen stands within a word: letters before and behind it.
  private func isHyphen(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
    guard text[index] == "-" else { return false }
    let isLetter = { (index: Int) in
      text.indices.contains(index) && Self.isWord(text[index])
        && text[index].properties.numericType != .decimal
    }
    let follows =
      isLetter(index - 1)
      && (isLetter(index - 2) || index > 2 && text[index - 2] == "-" && isLetter(index - 3))
    let precedes =
      isLetter(index + 1)
      && (isLetter(index + 2) || index + 2 < text.count && text[index + 2] == "-" && isLetter(index + 3))
    return follows && precedes
  }

  /// White space within ASCII, where alone lines break.
  private static func isWhite(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || 9...13 ~= scalar.value }

  /// What `\w` matches.
  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || TemplateText.isLetter(scalar) || scalar.properties.numericType != nil
  }
}
