// Words repeat, so their tokens are kept. When the cache is full it starts anew: nothing grows without bound, and
// nothing has to be searched for what to forget.

/// The tokens of words seen before.
struct WordCache: Sendable {
  private var places = ByteStringTable(capacity: WordCache.maximumWords)
  private var tokens: [ModelToken] = []
  /// Where the tokens of each word lie in `tokens`.
  private var ranges: [Range<Int>] = []

  /// Longer words are not worth keeping.
  static let maximumLength = 96
  private static let maximumWords = 1 << 16

  /// Appends the tokens of `word` if it is known.
  func lookUp(_ word: UnsafeBufferPointer<UInt8>, into result: inout [ModelToken]) -> Bool {
    guard let place = places.value(for: word) else { return false }
    result += tokens[ranges[Int(place)]]
    return true
  }

  /// Keeps the tokens of a word that is not known.
  mutating func insert(_ word: UnsafeBufferPointer<UInt8>, tokens new: ArraySlice<ModelToken>) {
    if ranges.count == Self.maximumWords {
      places = ByteStringTable(capacity: Self.maximumWords)
      tokens.removeAll(keepingCapacity: true)
      ranges.removeAll(keepingCapacity: true)
    }
    places.insert(word, value: Int32(ranges.count))
    ranges.append(tokens.count..<tokens.count + new.count)
    tokens += new
  }
}
