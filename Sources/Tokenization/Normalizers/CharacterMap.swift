// SentencePiece's normalization rules: a map from strings to strings, compiled into a double array
// (doi:10.1109/32.31365, in the layout of Darts-clone) that is followed byte by byte, and the texts one after the other,
// each with a zero byte behind it. Nothing in it is trusted: every step is checked against the array.

import SafeIO

/// A `precompiled_charsmap`.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]

  /// - Parameter bytes: the size of the double array in bytes (32 bits), the array, and the texts.
  /// - Throws: `Failure.badData` when the size does not fit.
  init(_ bytes: some RandomAccessCollection<UInt8>, source: String) throws(Failure) {
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) {
        $0 | UInt32(bytes[bytes.index(bytes.startIndex, offsetBy: offset + $1)]) << UInt32($1 * 8)
      }
    }
    guard bytes.count >= 4, case let size = Int(word(0)), size % 4 == 0, size > 0, size <= bytes.count - 4
    else {
      throw .badData(
        source,
        "the map of characters ('precompiled_charsmap') of \(bytes.count) bytes says that its table is longer"
      )
    }
    units = (0..<size / 4).map { word(4 + $0 * 4) }
    texts = Array(bytes.dropFirst(4 + size))
  }

  /// The strings of the map that `bytes` from `start` on begin with, from the shortest to the longest: `body` gets the
  /// length of each and the place of its text, and says whether to go on.
  @inline(__always)
  private func forEachPrefix(
    of bytes: [UInt8], _ range: Range<Int>, _ body: (_ length: Int, _ text: Int) -> Bool
  ) {
    var node = offset(units[0])
    for index in range {
      let byte = bytes[index]
      if byte == 0 { return }
      node ^= Int(byte)
      guard node < units.count, units[node] & 0x8000_00ff == UInt32(byte) else { return }
      let unit = units[node]
      node ^= offset(unit)
      if unit >> 8 & 1 != 0 {
        guard node < units.count else { return }
        if !body(index + 1 - range.lowerBound, Int(units[node] & 0x7fff_ffff)) { return }
      }
    }
  }

  /// The longest string that stands at the beginning of the range, by its length, and what is put in its place.
  func longestPrefix(of bytes: [UInt8], _ range: Range<Int>) -> (length: Int, text: ArraySlice<UInt8>)? {
    var found: (length: Int, text: Int)?
    forEachPrefix(of: bytes, range) { length, text in
      found = (length, text)
      return true
    }
    return found.map { ($0.length, text(at: $0.text)) }
  }

  /// What is put in the place of the shortest string that stands at the beginning of the range.
  func shortestPrefix(of bytes: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8>? {
    var found: Int?
    forEachPrefix(of: bytes, range) { _, text in
      found = text
      return false
    }
    return found.map { text(at: $0) }
  }

  private func text(at start: Int) -> ArraySlice<UInt8> {
    guard start < texts.count else { return [] }
    return texts[start..<(texts[start...].firstIndex(of: 0) ?? texts.count)]
  }

  private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
}
