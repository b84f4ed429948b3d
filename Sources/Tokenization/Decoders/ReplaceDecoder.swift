// Puts a string in place of another, normally a space in place of `▁`.

import SafeIO

/// `Replace` as a decoder.
///
/// Decoding can't fail, so only plain strings are looked for.
struct ReplaceDecoder: TokenDecoder {
  private let pattern: ByteSearch
  private let content: [UInt8]

  init(_ fields: Fields) throws(Failure) {
    guard let string = try fields.fields("pattern").optionalString("String") else {
      throw fields.complaint("pattern", "a regular expression in a decoder is not supported")
    }
    pattern = ByteSearch([UInt8](string.utf8))
    content = [UInt8](try fields.string("content").utf8)
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.map { token in
      String(decoding: pattern.replacing(in: [UInt8](token.utf8), with: content), as: UTF8.self)
    }
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    pattern.replacing(in: bytes, with: content)
  }
}
