// What stands beside a tokenizer: tokenizer_config.json, or special_tokens_map.json in older folders. It names the
// special tokens and may add tokens; how text is split is the tokenizer's affair alone, but where that is a
// SentencePiece model, what stands around a text is said here.

import SafeIO

/// The parts of tokenizer_config.json that matter here.
struct TokenizerConfiguration: Sendable {
  /// `bos_token`, `eos_token` and so on, by these names.
  private(set) var namedTokens: [String: String] = [:]
  private var addedTokens: [AddedToken] = []
  private var namedInOrder: [String] = []
  private var addsBOS: Bool?
  private var addsEOS: Bool?
  private var tokenizerClass: String?
  /// Whether a space is put before what follows a special token too.
  private var isLegacy: Bool?
  /// The side on which a batch is padded.
  private(set) var paddingSide: String?

  /// The names under which special tokens go, in the order in which transformers adds them.
  private static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// No configuration.
  init() {}

  /// Reads the files of a folder; each may be missing.
  init(directory: String) throws(Failure) {
    var hasNames = false
    for file in ["tokenizer_config.json", "special_tokens_map.json"] {
      let path = "\(directory)/\(file)"
      guard Files.exists(path), !hasNames else { continue }
      try read(Fields(JSON.read(path: path), source: path))
      hasNames = !namedTokens.isEmpty
    }
  }

  private mutating func read(_ fields: Fields) throws(Failure) {
    if let decoder = try fields.optionalFields("added_tokens_decoder") {
      var byID: [(id: Int, token: AddedToken)] = []
      for key in decoder.object.keys {
        guard let id = Int(key) else { throw decoder.complaint(key, "expected an id") }
        byID.append((id, try AddedToken(decoder.fields(key))))
      }
      addedTokens = byID.sorted { $0.id < $1.id }.map(\.token)
    }
    for name in Self.names {
      guard let token = try Self.content(of: fields.object[name], fields, name) else { continue }
      namedTokens[name] = token
      namedInOrder.append(token)
    }
    addsBOS = try fields.optionalBool("add_bos_token") ?? addsBOS
    addsEOS = try fields.optionalBool("add_eos_token") ?? addsEOS
    tokenizerClass = try fields.optionalString("tokenizer_class") ?? tokenizerClass
    isLegacy = try fields.optionalBool("legacy") ?? isLegacy
    paddingSide = try fields.optionalString("padding_side") ?? paddingSide
    let more = fields.object["extra_special_tokens"] ?? fields.object["additional_special_tokens"]
    for entry in more?.arrayValue ?? [] {
      if let token = try Self.content(of: entry, fields, "additional_special_tokens") {
        namedInOrder.append(token)
      }
    }
  }

  /// How the class splits texts whose vocabulary comes as merges.
  var splitRule: String? { tokenizerClass.map { $0.hasPrefix("Qwen2") ? "qwen2" : "gpt2" } }

  /// How transformers uses a SentencePiece model: its classes for T5 end a text, all others begin it.
  func use(of model: SentencePieceModel) -> SentencePieceModel.Use {
    var use = SentencePieceModel.Use(model)
    if let tokenizerClass {
      let ends = tokenizerClass.hasPrefix("T5")
      use.addsBOS = !ends
      use.addsEOS = ends
    }
    use.addsBOS = addsBOS ?? use.addsBOS
    use.addsEOS = addsEOS ?? use.addsEOS
    use.prefixesAlways = isLegacy ?? true
    return use
  }

  /// A token is its text, or an object with its text and how it is matched.
  private static func content(of json: JSON?, _ fields: Fields, _ key: String) throws(Failure) -> String? {
    guard let json, !json.isNull else { return nil }
    if let text = json.stringValue { return text }
    return try Fields(json, source: "\(fields.source): key '\(key)'").string("content")
  }

  /// The tokens that the configuration adds to those of tokenizer.json, as transformers does on loading: entries of
  /// `added_tokens_decoder` that differ, then named tokens that nobody added.
  func tokensToAdd(beside added: AddedVocabulary) -> [AddedToken] {
    var result = addedTokens.filter { !added.contains($0) }
    var known = Set(result.map { [UInt8]($0.content.utf8) })
    for name in namedInOrder where !added.isRead(name) {
      if known.insert([UInt8](name.utf8)).inserted { result.append(AddedToken(special: name)) }
    }
    return result
  }
}
