// Where a string stands in a text, by bytes: the only search of this target.

/// A string to look for, prepared so that a search takes linear time whatever the texts are.
///
/// The method is that of Knuth, Morris and Pratt.
struct ByteSearch: Sendable {
  let needle: [UInt8]
  /// How many bytes are still matched when the byte after so many, and one, does not match.
  private let shorter: [Int]

  init(_ needle: [UInt8]) {
    self.needle = needle
    var shorter: [Int] = needle.isEmpty ? [] : [0]
    shorter.reserveCapacity(needle.count)
    var matched = 0
    for byte in needle.dropFirst() {
      while matched > 0, needle[matched] != byte { matched = shorter[matched - 1] }
      if needle[matched] == byte { matched += 1 }
      shorter.append(matched)
    }
    self.shorter = shorter
  }

  /// The first place in `bytes[range]`; an empty needle stands everywhere.
  func first(in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
    guard needle.count <= range.count else { return nil }
    guard let initial = needle.first else { return range.lowerBound..<range.lowerBound }
    if needle.count == 1 {
      return bytes[range].firstIndex(of: initial).map { $0..<$0 + 1 }
    }
    var matched = 0
    for index in range {
      let byte = bytes[index]
      while matched > 0, needle[matched] != byte { matched = shorter[matched - 1] }
      if needle[matched] == byte { matched += 1 }
      if matched == needle.count { return index + 1 - matched..<index + 1 }
    }
    return nil
  }

  /// The places in `bytes[range]` from left to right, not overlapping; none for an empty needle.
  func all(in bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
    if needle.isEmpty { return [] }
    var found: [Range<Int>] = []
    var start = range.lowerBound
    while let place = first(in: bytes, start..<range.upperBound) {
      found.append(place)
      start = place.upperBound
    }
    return found
  }

  /// `bytes` with `content` in place of every occurrence.
  func replacing(in bytes: [UInt8], with content: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var position = 0
    for range in all(in: bytes, 0..<bytes.count) {
      result += bytes[position..<range.lowerBound]
      result += content
      position = range.upperBound
    }
    return result + bytes[position...]
  }
}
