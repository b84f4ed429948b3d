// SentencePiece's rules as the `tokenizers` library applies them (normalizers/precompiled.rs): to short grapheme
// clusters as a whole, then to single characters, and the shortest rule wins. SentencePiece itself takes the longest
// rule at every place; see `SentencePieceNormalizer`.

import SafeIO

/// `Precompiled`.
struct PrecompiledNormalizer: Normalizer {
  private let map: CharacterMap

  init(_ fields: Fields) throws(Failure) {
    let text = try fields.string("precompiled_charsmap")
    guard let bytes = Base64.decode(text.utf8) else {
      throw fields.complaint("precompiled_charsmap", "is not base64")
    }
    map = try CharacterMap(bytes, source: "\(fields.source): key 'precompiled_charsmap'")
  }

  func normalize(_ text: inout AlignedText) throws(Failure) {
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(text.bytes.count)
    var isChanged = false
    func put(_ content: ArraySlice<UInt8>, replacing count: Int) throws(Failure) {
      isChanged = true
      try text.check(growth: changes.count + content.count - text.bytes.count)
      let scalars = String(decoding: content, as: UTF8.self).unicodeScalars
      changes += scalars.map { AlignedText.Change(scalar: $0.value, shift: 0) }
      let growth = scalars.count - count
      if growth > 0 {
        // The last ones are new.
        for index in changes.indices.suffix(growth) { changes[index].shift = 1 }
      } else if growth < 0, !changes.isEmpty {
        changes[changes.count - 1].shift += growth
      }
    }
    let bytes = text.bytes
    for cluster in GraphemeClusters(bytes) {
      if cluster.count < 6, let content = map.shortestPrefix(of: bytes, cluster) {
        try put(content, replacing: UTF8Text.count(in: bytes, cluster))
        continue
      }
      var index = cluster.lowerBound
      while index < cluster.upperBound {
        let (scalar, length) = UTF8Text.scalar(in: bytes, at: index)
        if let content = map.shortestPrefix(of: bytes, index..<index + length) {
          try put(content, replacing: 1)
        } else {
          changes.append(.init(scalar: scalar, shift: 0))
        }
        index += length
      }
    }
    if isChanged { try text.lengthen(changes) }
  }
}

/// The extended grapheme clusters of a text (UAX #29), as ranges of bytes.
private struct GraphemeClusters: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position = 0
  /// The lengths of clusters that were found together, the last one first.
  private var lengths: [Int] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Range<Int>? {
    guard position < bytes.count else { return nil }
    let start = position
    if lengths.isEmpty && isAlone(start) {
      position += UTF8Text.length(ofLead: bytes[start])
    } else {
      if lengths.isEmpty { findRun() }
      position += lengths.popLast() ?? 1
    }
    return start..<position
  }

  /// Whether nothing joins the scalar at `index` with the next: both are below U+0300, and the first is no return.
  private func isAlone(_ index: Int) -> Bool {
    guard bytes[index] < 0xcc, bytes[index] != 0x0d else { return false }
    let next = index + UTF8Text.length(ofLead: bytes[index])
    return next >= bytes.count || bytes[next] < 0xcc
  }

  /// The clusters up to the next scalar that ends one for certain.
  private mutating func findRun() {
    var end = position
    var isEnd = false
    while end < bytes.count && !isEnd {
      isEnd = isAlone(end)
      end += UTF8Text.length(ofLead: bytes[end])
    }
    lengths = String(decoding: bytes[position..<end], as: UTF8.self).map(\.utf8.count).reversed()
  }
}
