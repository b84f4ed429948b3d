// GPT-2's pre-tokenizer: splits with GPT-2's pattern, then lets each byte be a character of its own.

import SafeIO

/// `ByteLevel`.
struct ByteLevelPreTokenizer: PreTokenizer {
  private let addsPrefixSpace: Bool
  private let pattern: TextPattern?

  /// openai/gpt-2, src/encoder.py.
  private static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  init(_ fields: Fields) throws(Failure) {
    addsPrefixSpace = try fields.bool("add_prefix_space", default: true)
    pattern =
      try fields.bool("use_regex", default: true)
      ? .regex(try Regex(Self.gpt2Pattern, source: fields.source)) : nil
  }

  func split(_ words: inout Words) throws(Failure) {
    if addsPrefixSpace {
      let space = UInt8(ascii: " ")
      try words.prepend([space]) { range, text in text.bytes[range.lowerBound] != space }
    }
    if let pattern { try words.split(pattern, .isolated) }
    try words.spellInByteAlphabet()
  }
}
