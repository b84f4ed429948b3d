// A tokenizer.json put together from its parts, for vocabularies that come in other files. Keys that only mlt knows
// (`named_tokens`, `in_text` of an added token) say what the library's form can't.

import SafeIO

/// The parts of a tokenizer.json.
struct TokenizerForm {
  var addedTokens: [JSON] = []
  var normalizer: JSON = .null
  var preTokenizer: JSON = .null
  var postProcessor: JSON = .null
  var decoder: JSON = .null
  var model: JSON
  /// What tokenizer_config.json would name: `bos_token` and so on.
  var namedTokens = JSONObject()

  /// All parts as one value; with the keys of mlt.
  var json: JSON {
    [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(addedTokens),
      "normalizer": normalizer, "pre_tokenizer": preTokenizer, "post_processor": postProcessor,
      "decoder": decoder,
      "model": model, "named_tokens": .object(namedTokens),
    ]
  }

  /// A template that puts one token before a text and one behind it; null when there is neither.
  static func template(bos: (text: String, id: Int)?, eos: (text: String, id: Int)?) -> JSON {
    if bos == nil && eos == nil { return .null }
    func text(_ name: String, _ type: Int) -> [JSON] {
      func special(_ token: (text: String, id: Int)?) -> [JSON] {
        token.map { [["SpecialToken": ["id": .string($0.text), "type_id": .integer(type)]]] } ?? []
      }
      return special(bos) + [["Sequence": ["id": .string(name), "type_id": .integer(type)]]] + special(eos)
    }
    var tokens = JSONObject()
    for token in [bos, eos].compactMap({ $0 }) {
      tokens[token.text] = [
        "id": .string(token.text), "ids": [.integer(token.id)], "tokens": [.string(token.text)],
      ]
    }
    return [
      "type": "TemplateProcessing", "single": .array(text("A", 0)),
      "pair": .array(text("A", 0) + text("B", 1)),
      "special_tokens": .object(tokens),
    ]
  }

  /// The form of a byte-level vocabulary.
  static let byteLevel: JSON = [
    "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false,
  ]
}

extension AddedToken {
  /// An entry of `added_tokens` that is looked for in the original text.
  static func form(id: Int, _ content: String, isSpecial: Bool, isRead: Bool = true) -> JSON {
    var entry: JSONObject = [
      "id": .integer(id), "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false,
      "normalized": false, "special": .bool(isSpecial),
    ]
    if !isRead { entry["in_text"] = false }
    return .object(entry)
  }
}
