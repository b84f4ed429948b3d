// A vocabulary as GGUF's metadata has it (ggml-org/ggml, docs/gguf.md; llama.cpp, src/llama-vocab.cpp). This target sees no
// GGUF file: whoever reads one fills this value, and whoever writes one takes it.

import SafeIO

/// The keys `tokenizer.ggml.…` of a GGUF file; a member is nil or empty where the key is missing.
package struct GGUFVocabulary: Sendable, Equatable {
  /// `model`: `llama` (SentencePiece BPE), `gpt2` (byte-level BPE), `bert` (WordPiece) or `t5` (SentencePiece unigram).
  package var model: String
  /// `pre`: the name of the way in which `gpt2` splits texts.
  package var pre: String?
  /// `tokens`: by id.
  package var tokens: [String]
  /// `scores`: by id.
  package var scores: [Float] = []
  /// `token_type`: by id; 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  package var types: [Int32] = []
  /// `merges`: both halves with a space between them.
  package var merges: [String] = []
  /// `precompiled_charsmap`.
  package var precompiledCharsMap: [UInt8] = []
  /// `bos_token_id` and so on, by the part before `_token_id`: bos, eos, eot, unknown, seperator (so spelled), padding,
  /// mask.
  package var tokenIDs: [String: Int] = [:]
  /// `add_bos_token`.
  package var addsBOS: Bool?
  /// `add_eos_token`.
  package var addsEOS: Bool?
  /// `add_sep_token`.
  package var addsSEP: Bool?
  /// `add_space_prefix`.
  package var addsSpacePrefix: Bool?
  /// `remove_extra_whitespaces`.
  package var removesExtraWhitespaces: Bool?
  /// `token_type_count`: of segments, for `bert`.
  package var typeCount: Int?

  package init(model: String, tokens: [String]) {
    self.model = model
    self.tokens = tokens
  }

  /// The tokenizer, which gives the ids that llama.cpp gives.
  /// - Parameter source: the file, for errors.
  /// - Throws: `Failure.badData` when the parts do not fit together, or ask for what is not supported.
  package func tokenizer(source: String) throws(Failure) -> Tokenizer {
    try Tokenizer(json: form(source: source, isStandard: false), source: source)
  }

  /// A tokenizer.json that transformers reads.
  /// - Throws: as `tokenizer` does.
  package func tokenizerJSON(source: String) throws(Failure) -> JSON {
    let form = try form(source: source, isStandard: true)
    _ = try Tokenizer(json: form, source: source)
    guard var object = form.objectValue else { return form }
    object["named_tokens"] = nil
    return .object(object)
  }

  /// The tokenizer_config.json beside it.
  package func configurationJSON(chatTemplate: String?) -> JSON {
    var configuration: JSONObject = [
      "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false,
    ]
    for (key, name) in Self.names {
      if let id = tokenIDs[key], tokens.indices.contains(id) { configuration[name] = .string(tokens[id]) }
    }
    if let addsBOS { configuration["add_bos_token"] = .bool(addsBOS) }
    if let addsEOS { configuration["add_eos_token"] = .bool(addsEOS) }
    if let chatTemplate { configuration["chat_template"] = .string(chatTemplate) }
    return .object(configuration)
  }

  /// What a token is called in GGUF and in tokenizer_config.json.
  static let names = [
    ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("seperator", "sep_token"),
    ("padding", "pad_token"), ("mask", "mask_token"),
  ]
}
