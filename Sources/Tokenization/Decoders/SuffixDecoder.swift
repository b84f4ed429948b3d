// Original BPE marks the end of a word with a suffix; it becomes a space, or nothing at the end of the text.

import SafeIO

/// `BPEDecoder`.
struct SuffixDecoder: TokenDecoder {
  private let suffix: ByteSearch

  init(_ fields: Fields) throws(Failure) {
    suffix = ByteSearch([UInt8](try fields.string("suffix", default: "</w>").utf8))
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { index, token in
      let replacement: [UInt8] = index == tokens.count - 1 ? [] : [UInt8(ascii: " ")]
      return String(decoding: suffix.replacing(in: [UInt8](token.utf8), with: replacement), as: UTF8.self)
    }
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    suffix.replacing(in: bytes, with: [UInt8(ascii: " ")])
  }
}
