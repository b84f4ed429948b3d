// What SentencePiece does with a text before it is split (normalizer.cc): the longest rule of its map at every place,
// spaces that follow spaces away, `▁` in place of a space, and one before or behind the text. `tokenizer.json` has no
// name for it; it is written so when a `tokenizer.model` is read.

import SafeIO

/// `SentencePiece` as a normalizer.
struct SentencePieceNormalizer: Normalizer {
  private enum Prefixing: String {
    case never
    /// Before what follows a special token too.
    case always
    /// Only at the start of the original text.
    case first
  }

  /// In bytes: a map may be made so that following it never ends.
  private static let longestRule = 256

  private let map: CharacterMap?
  /// What the user defined is not rewritten.
  private let kept: PieceTrie?
  private let prefixing: Prefixing
  private let removesExtraSpaces: Bool
  private let marksSpaces: Bool
  /// The mark stands at the end of words.
  private let isSuffix: Bool

  init(_ fields: Fields) throws(Failure) {
    map = try fields.optionalString("precompiled_charsmap").map { text throws(Failure) in
      guard let bytes = Base64.decode(text.utf8) else {
        throw fields.complaint("precompiled_charsmap", "is not base64")
      }
      return try CharacterMap(bytes, source: fields.source)
    }
    let kept = try fields.optionalStrings("user_defined") ?? []
    self.kept =
      kept.isEmpty
      ? nil : try PieceTrie(kept.map { ([UInt8]($0.utf8), 0) }, source: fields.source)
    let name = try fields.string("prefix", default: "always")
    guard let prefixing = Prefixing(rawValue: name) else {
      throw fields.complaint("prefix", "expected always, never or first, found '\(name)'")
    }
    self.prefixing = prefixing
    removesExtraSpaces = try fields.bool("remove_extra_whitespaces", default: true)
    marksSpaces = try fields.bool("escape_whitespaces", default: true)
    isSuffix = try fields.bool("whitespace_as_suffix", default: false)
  }

  func normalize(_ text: inout AlignedText) throws(Failure) {
    let bytes = text.bytes
    let space: [UInt8] = marksSpaces ? [0xe2, 0x96, 0x81] : [UInt8(ascii: " ")]
    let isPrefixed = prefixing == .always || prefixing == .first && text.isFromStart(0)
    var rewriting = AlignedText.Rewriting(of: text)
    var position = 0
    if removesExtraSpaces {
      while position < bytes.count {
        let (content, length) = prefix(of: bytes, position)
        guard content.elementsEqual([UInt8(ascii: " ")]) else { break }
        position += length
      }
    }
    if position < bytes.count {
      if isPrefixed && !isSuffix { rewriting.append(space, from: position..<position) }
      var isAfterSpace = removesExtraSpaces
      while position < bytes.count {
        let (content, length) = prefix(of: bytes, position)
        let kept = isAfterSpace ? content.drop { $0 == UInt8(ascii: " ") } : content
        let origin = position..<position + length
        for byte in kept {
          byte == UInt8(ascii: " ")
            ? rewriting.append(space, from: origin) : rewriting.append(byte, from: origin)
        }
        if let last = kept.last { isAfterSpace = removesExtraSpaces && last == UInt8(ascii: " ") }
        position += length
      }
      if removesExtraSpaces { rewriting.removeLast(space) }
      if isPrefixed && isSuffix { rewriting.append(space, from: position..<position) }
    }
    try text.apply(rewriting)
  }

  /// What stands in place of the beginning of the text from `position` on, and how much of it that is.
  @inline(__always)
  private func prefix(of bytes: [UInt8], _ position: Int) -> (content: ArraySlice<UInt8>, length: Int) {
    if let kept {
      var end: Int?
      bytes.withUnsafeBufferPointer { kept.forEachMatch(in: $0, at: position) { place, _ in end = place } }
      if let end { return (bytes[position..<end], end - position) }
    }
    if let map,
      let (length, content) = map.longestPrefix(
        of: bytes, position..<min(bytes.count, position + Self.longestRule))
    {
      return (content, length)
    }
    let length = UTF8Text.length(ofLead: bytes[position])
    return (bytes[position..<position + length], length)
  }
}
