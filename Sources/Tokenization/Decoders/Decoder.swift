// The way back: tokens become text.

import SafeIO

/// A step that turns a list of token strings into another, in the end into pieces of text.
protocol TokenDecoder: Sendable {
  func decode(_ tokens: [String]) -> [String]

  /// What one token in the middle of a text becomes, in bytes, when it comes to this step as `bytes`; the bytes of
  /// a character that is spread over several tokens stay apart.
  /// - Parameter isFused: whether the steps before have joined the tokens, so that this one sees the whole text.
  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8]
}

/// The decoders that tokenizer.json may name.
enum TokenDecoders {
  static var table: StepTable<any TokenDecoder> {
    StepTable(
      family: "decoder",
      makers: [
        "Sequence": { fields throws(Failure) in try SequenceDecoder(fields) },
        "ByteLevel": { _ in ByteLevelDecoder() },
        "ByteFallback": { _ in ByteFallbackDecoder() },
        "WordPiece": { fields throws(Failure) in try WordPieceDecoder(fields) },
        "CTC": { fields throws(Failure) in try CTCDecoder(fields) },
        "SentencePiece": { fields throws(Failure) in try SentencePieceDecoder(fields) },
        "Fuse": { _ in FuseDecoder() },
        "Strip": { fields throws(Failure) in try StripDecoder(fields) },
        "Replace": { fields throws(Failure) in try ReplaceDecoder(fields) },
        "Metaspace": { fields throws(Failure) in try MetaspaceDecoder(fields) },
        "BPEDecoder": { fields throws(Failure) in try SuffixDecoder(fields) },
      ])
  }
}
