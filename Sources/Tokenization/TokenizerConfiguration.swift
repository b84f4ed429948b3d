// What stands beside tokenizer.json: tokenizer_config.json, or special_tokens_map.json in older folders. It names the
// special tokens and may add tokens; how text is split is tokenizer.json's affair alone.

import SafeIO

/// The parts of tokenizer_config.json that matter here.
struct TokenizerConfiguration: Sendable {
  /// `bos_token`, `eos_token` and so on, by these names.
  private(set) var namedTokens: [String: String] = [:]
  private var addedTokens: [AddedToken] = []
  private var namedInOrder: [String] = []

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
    let more = fields.object["extra_special_tokens"] ?? fields.object["additional_special_tokens"]
    for entry in more?.arrayValue ?? [] {
      if let token = try Self.content(of: entry, fields, "additional_special_tokens") {
        namedInOrder.append(token)
      }
    }
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
    for name in namedInOrder where added.id(of: name) == nil {
      if known.insert([UInt8](name.utf8)).inserted { result.append(AddedToken(special: name)) }
    }
    return result
  }
}

extension Tokenizer {
  /// Loads the tokenizer of a model folder: its tokenizer.json, and the names of special tokens from
  /// tokenizer_config.json.
  /// - Parameter path: the folder, or a tokenizer.json itself.
  /// - Throws: `Failure.notFound` when there is no tokenizer.json, `Failure.badData` when it can't be used.
  package static func load(directory path: String) throws(Failure) -> Tokenizer {
    guard Files.isDirectory(path) else {
      return try Tokenizer(
        json: JSON.read(path: path), source: path,
        configuration: TokenizerConfiguration(directory: Files.parent(of: path)))
    }
    let file = "\(path)/tokenizer.json"
    guard Files.exists(file) else {
      let other = ["tokenizer.model", "vocab.json"].first { Files.exists("\(path)/\($0)") }
      throw .notFound(
        file,
        other.map {
          "no such file; '\($0)' alone is not read, convert it to a tokenizer.json with transformers"
        }
          ?? "no such file; the folder has no tokenizer")
    }
    return try Tokenizer(
      json: JSON.read(path: file), source: file, configuration: TokenizerConfiguration(directory: path))
  }
}
