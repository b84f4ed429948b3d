// Pieces that continue a word join it, all others stand after a space; the spaces that English does not have before
// punctuation and contractions may go.

import SafeIO

/// `WordPiece` as a decoder.
struct WordPieceDecoder: TokenDecoder {
  private let prefix: [UInt8]
  private let cleansUp: Bool

  init(_ fields: Fields) throws(Failure) {
    prefix = [UInt8](try fields.string("prefix", default: "##").utf8)
    cleansUp = try fields.bool("cleanup", default: true)
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.enumerated().map { index, token in
      let bytes = [UInt8](token.utf8)
      return String(decoding: index == 0 ? cleaned(bytes) : inMiddle(bytes), as: UTF8.self)
    }
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] { inMiddle(bytes) }

  private func inMiddle(_ bytes: [UInt8]) -> [UInt8] {
    cleaned(bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : [UInt8(ascii: " ")] + bytes)
  }

  private func cleaned(_ bytes: [UInt8]) -> [UInt8] { cleansUp ? EnglishCleanUp.apply(to: bytes) : bytes }
}

/// Spaces that tokenizing put before punctuation and contractions, taken away again.
enum EnglishCleanUp {
  private static let replacements: [(ByteSearch, [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (ByteSearch([UInt8]($0.utf8)), [UInt8]($1.utf8)) }

  static func apply(to bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(UInt8(ascii: " ")) else { return bytes }
    return replacements.reduce(bytes) { $1.0.replacing(in: $0, with: $1.1) }
  }
}
