// Back from the byte alphabet to bytes, and from bytes to text.

/// `ByteLevel` as a decoder.
struct ByteLevelDecoder: TokenDecoder {
  /// All tokens as one text.
  ///
  /// A token with a character outside of the alphabet stands for itself; bytes that are no UTF-8 become
  /// U+FFFD, one for each maximal part of a character.
  func decode(_ tokens: [String]) -> [String] {
    let bytes = tokens.flatMap { ByteAlphabet.bytes(spelledBy: $0) ?? [UInt8]($0.utf8) }
    return [String(decoding: bytes, as: UTF8.self)]
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    isFused = true
    return ByteAlphabet.bytes(spelledBy: String(decoding: bytes, as: UTF8.self)) ?? bytes
  }
}
