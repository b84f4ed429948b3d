// The vocabulary of a GGUF file, from its metadata and into it, key by key.

import SafeIO
import WeightFiles

extension GGUFVocabulary {
  private static let prefix = "tokenizer.ggml."
  private static let ids = ["bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "mask", "cls"]

  /// Reads the keys of a file.
  ///
  /// - Throws: `Failure.badData` that names the key: where it is of the wrong type, and where there is no vocabulary.
  package init(_ file: GGUFFile) throws(Failure) {
    func key(_ name: String) -> String { Self.prefix + name }
    guard let model = try file.string(key("model")), model != "none", model != "no_vocab" else {
      throw .badData("\(file.path): key '\(key("model"))'", "is missing; the file has no tokenizer")
    }
    guard let tokens = try file.strings(key("tokens")), !tokens.isEmpty else {
      throw .badData("\(file.path): key '\(key("tokens"))'", "is missing; the file has no tokenizer")
    }
    self.init(model: model, tokens: tokens)
    pre = try file.string(key("pre"))
    scores = try file.floats(key("scores")) ?? []
    for type in try file.integers(key("token_type")) ?? [] {
      guard let type = Int32(exactly: type) else {
        throw .badData("\(file.path): key '\(key("token_type"))'", "holds \(type), which is no type of token")
      }
      types.append(type)
    }
    merges = try file.strings(key("merges")) ?? []
    let map = try file.integers(key("precompiled_charsmap")) ?? []
    precompiledCharsMap = map.map { UInt8(truncatingIfNeeded: $0) }
    for name in Self.ids {
      // What none has is written as -1, also as an unsigned number.
      if let id = try file.integer(key("\(name)_token_id")), 0..<Int(Int32.max) ~= id { tokenIDs[name] = id }
    }
    addsBOS = try file.bool(key("add_bos_token"))
    addsEOS = try file.bool(key("add_eos_token"))
    addsSEP = try file.bool(key("add_sep_token"))
    addsSpacePrefix = try file.bool(key("add_space_prefix"))
    removesExtraWhitespaces = try file.bool(key("remove_extra_whitespaces"))
    typeCount = try file.integer(key("token_type_count"))
  }

  /// The keys of a file that has this vocabulary, in the order in which llama.cpp's converter writes them.
  ///
  /// - Parameter chatTemplate: the model's, if it has one.
  package func metadata(chatTemplate: String?) -> [(key: String, value: GGUFField)] {
    var keys: [(key: String, value: GGUFField)] = []
    func add(_ key: String, _ value: GGUFField?) {
      if let value { keys.append((Self.prefix + key, value)) }
    }
    add("model", .string(model))
    add("pre", pre.map { .string($0) })
    add("tokens", .strings(tokens))
    add("scores", scores.isEmpty ? nil : .float32s(scores))
    add("token_type", types.isEmpty ? nil : .int32s(types))
    add("merges", merges.isEmpty ? nil : .strings(merges))
    add("precompiled_charsmap", precompiledCharsMap.isEmpty ? nil : .uint8s(precompiledCharsMap))
    add("token_type_count", typeCount.map { .uint32($0) })
    for name in Self.ids { add("\(name)_token_id", tokenIDs[name].map { .uint32($0) }) }
    add("add_bos_token", addsBOS.map { .bool($0) })
    add("add_eos_token", addsEOS.map { .bool($0) })
    add("add_sep_token", addsSEP.map { .bool($0) })
    add("add_space_prefix", addsSpacePrefix.map { .bool($0) })
    add("remove_extra_whitespaces", removesExtraWhitespaces.map { .bool($0) })
    if let chatTemplate { keys.append((Self.chatTemplateKey, .string(chatTemplate))) }
    return keys
  }

  /// The keys of a GGUF file that a model becomes; none where the model has no tokenizer.
  ///
  /// - Parameters:
  ///   - path: a model folder, or a GGUF file, whose keys stay as they are.
  ///   - rows: of the embedding; the vocabulary is filled up to these.
  /// - Throws: `Failure.badData` that says what GGUF can't say.
  package static func metadata(
    ofModel path: String, rows: Int
  ) throws(Failure) -> [(key: String, value: GGUFField)] {
    if let file = try GGUFFile.of(model: path) { return try file.fields(prefix: "tokenizer.") }
    do throws(Failure) {
      let vocabulary = try GGUFVocabulary(directory: path, modelVocabulary: rows)
      return vocabulary.metadata(chatTemplate: try ChatTemplate.sources(directory: path)["default"]?.source)
    } catch {
      guard error.kind == .notFound else { throw error }
      return []
    }
  }

  static let chatTemplateKey = "tokenizer.chat_template"
}
