// Tokenizers made for one question: a single step, seen through the smallest model that shows what it does.

import SafeIO
import Tokenization

enum TinyTokenizer {
  /// A tokenizer whose model has no token but the unknown one, so that every word is one token and its offsets tell
  /// where the step split.
  static func splitting(_ preTokenizer: JSON, normalizer: JSON = nil) throws -> Tokenizer {
    try make([
      "normalizer": normalizer, "pre_tokenizer": preTokenizer,
      "model": model(["?": 0], unknown: "?", fuses: true),
    ])
  }

  /// A tokenizer whose tokens are the bytes of the normalized text.
  static func normalizing(_ normalizer: JSON) throws -> Tokenizer {
    let bytes = (0..<256).map { "<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>" }
    return try make([
      "normalizer": normalizer, "decoder": decoder([["type": "ByteFallback"], ["type": "Fuse"]]),
      "model": model(vocabulary(bytes), byteFallback: true),
    ])
  }

  /// A tokenizer of characters and merges.
  static func merging(_ tokens: [String], _ merges: [[String]]) throws -> Tokenizer {
    try make(["model": model(vocabulary(tokens), merges: merges)])
  }

  static func make(_ parts: JSON) throws -> Tokenizer { try Tokenizer(json: parts, source: "tokenizer.json") }

  static func vocabulary(_ tokens: [String]) -> JSON {
    var object = JSONObject()
    for (id, token) in tokens.enumerated() { object[token] = .integer(id) }
    return .object(object)
  }

  static func decoder(_ steps: JSON) -> JSON { ["type": "Sequence", "decoders": steps] }

  static func model(
    _ vocabulary: JSON, merges: [[String]] = [], unknown: String? = nil, fuses: Bool = false,
    byteFallback: Bool = false
  ) -> JSON {
    [
      "type": "BPE", "vocab": vocabulary, "merges": .array(merges.map { .array($0.map { .string($0) }) }),
      "unk_token": unknown.map { .string($0) } ?? .null, "fuse_unk": .bool(fuses),
      "byte_fallback": .bool(byteFallback),
    ]
  }
}

extension Tokenizer {
  /// The words that a text is split into, as they stand in the text.
  func words(of text: String) throws -> [String] {
    let scalars = Array(text.unicodeScalars)
    return try encode(text).offsets.map { String(String.UnicodeScalarView(scalars[$0])) }
  }

  /// The text after the normalizer.
  func normalized(_ text: String) throws -> String { decode(try encode(text).ids, skipSpecialTokens: false) }
}
