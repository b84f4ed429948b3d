// Cuts a long word into parts that no merge joins.

/// Where no merge reaches across.
///
/// SentencePiece models take a whole text as one word, but their words begin with `▁`, and hardly anything is
/// ever merged with a `▁` behind it. Cutting there changes no token, and makes words short enough to be
/// merged fast and to be remembered.
struct MergeBoundary: Sendable {
  /// U+2581.
  private static let mark: [UInt8] = [0xe2, 0x96, 0x81]

  /// Last bytes of tokens that a merge joins with a token that begins with the mark.
  ///
  /// Bytes say enough: a cut that is not made costs only time.
  private var joined = [Bool](repeating: false, count: 256)

  /// - Returns: nil when the mark is no token, since unknown characters may be fused.
  init?(_ vocabulary: Vocabulary) {
    guard vocabulary.id(of: Self.mark) != nil else { return nil }
  }

  /// Learns from a merge.
  mutating func note(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>) {
    if right.starts(with: Self.mark), let last = left.last { joined[Int(last)] = true }
  }

  /// The end of the part of `word` that begins at `start`.
  func next(in word: ArraySlice<UInt8>, after start: Int) -> Int {
    var index = start + 1
    while index < word.endIndex {
      if word[index] == 0xe2, index + 2 < word.endIndex, word[index + 1] == 0x96, word[index + 2] == 0x81,
        !joined[Int(word[index - 1])]
      {
        return index
      }
      index += 1
    }
    return index
  }
}
