// The tokens that were added to a model's vocabulary, and how they are cut out of a text: first those that stand in
// the original text, then, piece by piece, those that stand in the normalized one. Behaviour of the `tokenizers`
// library, tokenizer/added_vocabulary.rs.

import SafeIO

/// The added tokens of a tokenizer.
struct AddedVocabulary: Sendable {
  /// A part of a text after added tokens were looked for.
  enum Piece {
    case text(AlignedText)
    /// An added token with the text it was found in, stripped white space included.
    case token(Int32, AlignedText)
  }

  private(set) var tokens: [Int32: AddedToken] = [:]
  private var ids: [[UInt8]: Int32] = [:]
  /// What tokens look like after the normalizer, where that differs from their content.
  private(set) var normalizedContents: [Int32: String] = [:]
  private var originalTrie = TokenTrie()
  private var normalizedTrie = TokenTrie()

  /// The id of an added token.
  func id(of content: String) -> Int32? { ids[[UInt8](content.utf8)] }

  /// Whether a token was added just so.
  func contains(_ token: AddedToken) -> Bool { id(of: token.content).flatMap { tokens[$0] } == token }

  /// Whether a token was added that is found in texts.
  func isRead(_ content: String) -> Bool { id(of: content).flatMap { tokens[$0] }?.isInText ?? false }

  /// Adds tokens: one that the model's vocabulary has keeps its id there, others get the next free one.
  mutating func add(
    _ added: [AddedToken], vocabulary: Vocabulary, normalizer: (any Normalizer)?
  ) throws(Failure) {
    let size = Int32(vocabulary.count)
    var next = tokens.keys.max().map { $0 >= size || size == 0 ? $0 + 1 : size } ?? size
    for token in added where !token.content.isEmpty {
      let bytes = [UInt8](token.content.utf8)
      if let known = ids[bytes], tokens[known] == token { continue }
      let id: Int32
      if let known = ids[bytes] ?? vocabulary.id(of: bytes) {
        id = known
      } else {
        id = next
        next += 1
      }
      if token.isNormalized, let normalizer {
        var text = AlignedText(original: bytes)
        try normalizer.normalize(&text)
        normalizedContents[id] = text.bytes == bytes ? nil : text.string
      }
      ids[bytes] = id
      tokens[id] = token
    }
    rebuildTries()
  }

  private mutating func rebuildTries() {
    var (original, normalized): ([(bytes: [UInt8], id: Int32)], [(bytes: [UInt8], id: Int32)]) = ([], [])
    for (id, token) in tokens.sorted(by: { $0.key < $1.key }) where token.isInText {
      if token.isNormalized {
        let pattern = [UInt8]((normalizedContents[id] ?? token.content).utf8)
        if !pattern.isEmpty { normalized.append((pattern, id)) }
      } else {
        original.append(([UInt8](token.content.utf8), id))
      }
    }
    originalTrie = TokenTrie(original)
    normalizedTrie = TokenTrie(normalized)
  }

  /// Cuts a text at its added tokens and normalizes what lies between them.
  func pieces(
    of text: String, normalizer: (any Normalizer)?, special: SpecialTokenReading
  ) throws(Failure) -> [Piece] {
    var pieces: [Piece] = []
    for piece in cut(AlignedText(original: [UInt8](text.utf8)), originalTrie, special) {
      guard case .text(var text) = piece else {
        pieces.append(piece)
        continue
      }
      try normalizer?.normalize(&text)
      pieces += cut(text, normalizedTrie, special)
    }
    return pieces
  }

  private func cut(_ text: AlignedText, _ trie: TokenTrie, _ special: SpecialTokenReading) -> [Piece] {
    if text.isEmpty { return [] }
    let found = trie.isEmpty ? [] : occurrences(in: text, trie, special)
    if found.isEmpty { return [.text(text)] }
    var ranges: [(id: Int32?, range: Range<Int>)] = []
    var position = 0
    for (id, range) in found {
      if position < range.lowerBound { ranges.append((nil, position..<range.lowerBound)) }
      ranges.append((id, range))
      position = range.upperBound
    }
    if position < text.bytes.count { ranges.append((nil, position..<text.bytes.count)) }
    return zip(ranges, text.slices(ranges.map(\.range))).map { part, slice in
      part.id.map { .token($0, slice) } ?? .text(slice)
    }
  }

  /// Leftmost-longest occurrences with the white space that they take along.
  private func occurrences(
    in text: AlignedText, _ trie: TokenTrie, _ special: SpecialTokenReading
  ) -> [(id: Int32, range: Range<Int>)] {
    let bytes = text.bytes
    let places = SpecialTokenPlaces(special, in: text)
    var found: [(id: Int32, range: Range<Int>)] = []
    var covered = 0
    var index = 0
    for match in trie.longestMatches(in: bytes) where match.range.lowerBound >= index {
      guard let token = tokens[match.id] else { continue }
      if token.isSpecial && !places.read(match.range) { continue }
      var range = match.range
      // What is no single word hides what lies inside it all the same.
      index = range.upperBound
      if token.isSingleWord && touchesWord(bytes, range) { continue }
      if token.stripsLeft {
        let start = spaceStart(bytes, range.lowerBound, after: covered)
        // The token before took the white space along that this one consists of.
        if start >= range.upperBound { continue }
        range = start..<range.upperBound
      }
      if token.stripsRight { range = range.lowerBound..<spaceEnd(bytes, range.upperBound) }
      found.append((match.id, range))
      covered = range.upperBound
    }
    return found
  }

  private func touchesWord(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    if range.lowerBound > 0 {
      let before = UTF8Text.start(before: range.lowerBound, in: bytes)
      if ScalarClass.isWord(UTF8Text.scalar(in: bytes, at: before).value) { return true }
    }
    return range.upperBound < bytes.count
      && ScalarClass.isWord(UTF8Text.scalar(in: bytes, at: range.upperBound).value)
  }

  private func spaceStart(_ bytes: [UInt8], _ end: Int, after covered: Int) -> Int {
    var start = max(end, covered)
    while start > covered {
      let before = UTF8Text.start(before: start, in: bytes)
      guard ScalarClass.isWhitespace(UTF8Text.scalar(in: bytes, at: before).value) else { break }
      start = before
    }
    return start
  }

  private func spaceEnd(_ bytes: [UInt8], _ start: Int) -> Int {
    var end = start
    while end < bytes.count {
      let (value, length) = UTF8Text.scalar(in: bytes, at: end)
      guard ScalarClass.isWhitespace(value) else { break }
      end += length
    }
    return end
  }
}
