// The way back as SentencePiece goes it (sentencepiece_processor.cc): marks become spaces, but not the one that was put
// before the text; runs of byte tokens become what is UTF-8 in them; an unknown token becomes a sign.

import SafeIO

/// `SentencePiece` as a decoder.
struct SentencePieceDecoder: TokenDecoder {
  private let unknown: String?
  private let unknownSign: [UInt8]
  /// The mark before the text is not shown.
  private let hidesFirst: Bool
  /// Neither are the marks of tokens after it, as long as nothing else was shown.
  private let hidesAllFirst: Bool
  private let readsBytes: Bool

  private static let mark = ByteSearch([0xe2, 0x96, 0x81])

  init(_ fields: Fields) throws(Failure) {
    unknown = try fields.optionalString("unk_token")
    unknownSign = [UInt8](try fields.string("unk_surface", default: " \u{2047} ").utf8)
    hidesAllFirst = try fields.bool("remove_extra_whitespaces", default: true)
    hidesFirst = try fields.bool("add_dummy_prefix", default: true) || hidesAllFirst
    readsBytes = try fields.bool("byte_fallback", default: false)
  }

  func decode(_ tokens: [String]) -> [String] {
    var text: [UInt8] = []
    var run: [UInt8] = []
    var mayHide = true
    for token in tokens {
      if readsBytes, let byte = ByteFallback.byte(of: token) {
        run.append(byte)
        continue
      }
      append(&run, to: &text)
      if !text.isEmpty { mayHide = false }
      var bytes = [UInt8](token.utf8)
      if mayHide && hidesFirst && bytes.starts(with: Self.mark.needle) {
        bytes.removeFirst(Self.mark.needle.count)
        mayHide = hidesAllFirst
      }
      text += shown(bytes, token)
    }
    append(&run, to: &text)
    return [String(decoding: text, as: UTF8.self)]
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    let token = String(decoding: bytes, as: UTF8.self)
    if readsBytes, let byte = ByteFallback.byte(of: token) { return [byte] }
    return shown(bytes, token)
  }

  private func shown(_ bytes: [UInt8], _ token: String) -> [UInt8] {
    if let unknown, unknown.utf8.elementsEqual(token.utf8) { return unknownSign }
    return Self.mark.replacing(in: bytes, with: [UInt8(ascii: " ")])
  }

  /// Appends what a run of byte tokens spells; a byte that is part of no character becomes U+FFFD.
  private func append(_ run: inout [UInt8], to text: inout [UInt8]) {
    var rest = run[...]
    while let lead = rest.first {
      let length = UTF8Text.length(ofLead: lead)
      if String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.count == 1 {
        text += rest.prefix(length)
        rest = rest.dropFirst(length)
      } else {
        text += [0xef, 0xbf, 0xbd]
        rest = rest.dropFirst()
      }
    }
    run.removeAll()
  }
}
