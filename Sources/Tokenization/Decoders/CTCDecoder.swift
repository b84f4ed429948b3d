// Models that label every frame of a recording say a letter several times: what repeats is one, and the padding that
// keeps real repetitions apart goes.

import SafeIO

/// `CTC`.
struct CTCDecoder: TokenDecoder {
  private let padding: ByteSearch
  private let delimiter: ByteSearch
  private let cleansUp: Bool

  init(_ fields: Fields) throws(Failure) {
    padding = ByteSearch([UInt8](try fields.string("pad_token", default: "<pad>").utf8))
    delimiter = ByteSearch([UInt8](try fields.string("word_delimiter_token", default: "|").utf8))
    cleansUp = try fields.bool("cleanup", default: true)
  }

  func decode(_ tokens: [String]) -> [String] {
    var result: [String] = []
    var last: String?
    for token in tokens where last.map({ !$0.utf8.elementsEqual(token.utf8) }) ?? true {
      last = token
      let bytes = text(of: [UInt8](token.utf8))
      if !bytes.isEmpty { result.append(String(decoding: bytes, as: UTF8.self)) }
    }
    return result
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] { text(of: bytes) }

  private func text(of token: [UInt8]) -> [UInt8] {
    let text = padding.replacing(in: token, with: [])
    guard cleansUp else { return text }
    return delimiter.replacing(in: EnglishCleanUp.apply(to: text), with: [UInt8(ascii: " ")])
  }
}
