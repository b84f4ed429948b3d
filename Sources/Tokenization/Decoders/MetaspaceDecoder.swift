// SentencePiece's mark becomes a space again, except the one put before the text.

import SafeIO

/// `Metaspace` as a decoder.
struct MetaspaceDecoder: TokenDecoder {
  private let mark: Unicode.Scalar?
  private let hidesFirst: Bool

  init(_ fields: Fields) throws(Failure) {
    let settings = try MetaspaceSettings(fields)
    mark = String(decoding: settings.replacement, as: UTF8.self).unicodeScalars.first
    hidesFirst = settings.prepends != .never
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { index, token in spaced(token, hidesMark: index == 0 && hidesFirst) }
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    [UInt8](spaced(String(decoding: bytes, as: UTF8.self), hidesMark: false).utf8)
  }

  private func spaced(_ token: String, hidesMark: Bool) -> String {
    var text = String.UnicodeScalarView()
    for scalar in token.unicodeScalars {
      if scalar != mark {
        text.append(scalar)
      } else if !hidesMark {
        text.append(" ")
      }
    }
    return String(text)
  }
}
