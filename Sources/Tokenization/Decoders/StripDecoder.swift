// Takes a character away at the ends, normally the space that the normalizer put before the text.

import SafeIO

/// `Strip` as a decoder.
struct StripDecoder: TokenDecoder {
  private let content: Unicode.Scalar
  private let start: Int
  private let stop: Int

  init(_ fields: Fields) throws(Failure) {
    let text = try fields.string("content")
    guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
      throw fields.complaint("content", "expected one character, found '\(text.prefix(20))'")
    }
    content = scalar
    start = max(0, try fields.int("start"))
    stop = max(0, try fields.int("stop"))
  }

  func decode(_ tokens: [String]) -> [String] { tokens.map(strip) }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    isFused ? bytes : [UInt8](strip(String(decoding: bytes, as: UTF8.self)).utf8)
  }

  /// Takes away up to `start` characters at the beginning and up to `stop` at the end.
  private func strip(_ token: String) -> String {
    var scalars = token.unicodeScalars[...]
    let leading = scalars.prefix { $0 == content }.count
    scalars.removeFirst(min(leading, start))
    let trailing = scalars.reversed().prefix { $0 == content }.count
    scalars.removeLast(min(trailing, stop))
    return String(scalars)
  }
}
