// A normalized text and the words it is split into. Splitting only makes ranges; the text is copied when a step
// rewrites it.

import SafeIO

/// A text with its words in order.
///
/// Words are not empty; what lies between them was removed.
struct Words: Sendable {
  private(set) var text: AlignedText
  private(set) var ranges: [Range<Int>]
  /// The words stand for their spelling in the byte alphabet: the model sees the character of each byte.
  ///
  /// The bytes themselves stay, since that spelling is the last step of nearly every byte-level tokenizer and
  /// need not be written out then.
  private(set) var isInByteAlphabet = false

  /// A text as one word.
  init(_ text: AlignedText) {
    self.text = text
    ranges = text.isEmpty ? [] : [0..<text.bytes.count]
  }

  /// Splits every word at the matches of a pattern.
  /// - Parameter inverted: what lies between the matches counts as match.
  mutating func split(
    _ pattern: TextPattern, _ behavior: SplitBehavior, inverted: Bool = false
  ) throws(Failure) {
    try writeOutByteAlphabet()
    var splitter = Splitter(behavior: behavior)
    splitter.ranges.reserveCapacity(text.bytes.count / 4)
    for range in ranges {
      var position = range.lowerBound
      switch pattern {
      case .regex(let regex):
        try regex.forEachMatch(in: text.bytes, range) { match in
          if position < match.lowerBound { splitter.add(position..<match.lowerBound, isMatch: inverted) }
          splitter.add(match, isMatch: !inverted)
          position = match.upperBound
        }
      default:
        for match in try pattern.matches(in: text.bytes, range) {
          if position < match.lowerBound { splitter.add(position..<match.lowerBound, isMatch: inverted) }
          splitter.add(match, isMatch: !inverted)
          position = match.upperBound
        }
      }
      if position < range.upperBound { splitter.add(position..<range.upperBound, isMatch: inverted) }
      splitter.endWord()
    }
    ranges = splitter.ranges
  }

  /// Cuts every word at the places that `places` gives for it: they ascend and lie inside of the word.
  mutating func cut(at places: (_ bytes: [UInt8], _ word: Range<Int>) -> [Int]) throws(Failure) {
    try writeOutByteAlphabet()
    ranges = ranges.flatMap { range in
      var start = range.lowerBound
      return (places(text.bytes, range) + [range.upperBound]).map { end in
        defer { start = end }
        return start..<end
      }
    }
  }

  /// Takes the scalars for which `isTrimmed` holds away from the start of every word.
  mutating func trimStarts(_ isTrimmed: (UInt32) -> Bool) throws(Failure) {
    try writeOutByteAlphabet()
    ranges = ranges.compactMap { range in
      var start = range.lowerBound
      while start < range.upperBound {
        let (scalar, length) = UTF8Text.scalar(in: text.bytes, at: start)
        guard isTrimmed(scalar) else { return start..<range.upperBound }
        start += length
      }
      return nil
    }
  }

  /// Puts `content` in place of every occurrence of `needle` in the words.
  mutating func replace(_ needle: ByteSearch, with content: [UInt8]) throws(Failure) {
    try writeOutByteAlphabet()
    let found = ranges.flatMap { needle.all(in: text.bytes, $0) }
    try text.replace(found, with: content)
    shiftRanges(edits: found.map { ($0, content.count - $0.count) })
  }

  /// Inserts `prefix` before the words for which `isWanted` holds; it becomes part of them.
  mutating func prepend(
    _ prefix: [UInt8], where isWanted: (Range<Int>, AlignedText) -> Bool
  ) throws(Failure) {
    try writeOutByteAlphabet()
    let starts = ranges.filter { isWanted($0, text) }.map(\.lowerBound)
    try text.insert(prefix, at: starts)
    var shift = 0
    var next = starts[...]
    ranges = ranges.map { range in
      let start = range.lowerBound + shift
      if range.lowerBound == next.first {
        next.removeFirst()
        shift += prefix.count
      }
      return start..<range.upperBound + shift
    }
  }

  /// Lets the words stand for their spelling in the byte alphabet.
  mutating func spellInByteAlphabet() throws(Failure) {
    try writeOutByteAlphabet()
    isInByteAlphabet = true
  }

  /// Makes the spelling in the byte alphabet, if the words stand for it, the text itself.
  mutating func writeOutByteAlphabet() throws(Failure) {
    guard isInByteAlphabet else { return }
    isInByteAlphabet = false
    var position = 0
    var written = 0
    func advance(to end: Int) -> Int {
      while position < end {
        written += ByteAlphabet.scalars[Int(text.bytes[position])] < 0x80 ? 1 : 2
        position += 1
      }
      return written
    }
    let newRanges = ranges.map { range in
      let start = advance(to: range.lowerBound)
      return start..<advance(to: range.upperBound)
    }
    try text.mapBytes { ByteAlphabet.scalars[Int($0)] }
    ranges = newRanges
  }

  /// Moves the ranges after edits inside of words: each is a range of the old text and how much longer it became.
  private mutating func shiftRanges(edits: [(range: Range<Int>, growth: Int)]) {
    if edits.isEmpty { return }
    var shift = 0
    var next = 0
    ranges = ranges.map { range in
      let start = range.lowerBound + shift
      while next < edits.count, edits[next].range.upperBound <= range.upperBound {
        shift += edits[next].growth
        next += 1
      }
      return start..<range.upperBound + shift
    }.filter { !$0.isEmpty }
  }
}
