// A tokenizer as the composition that tokenizer.json describes: added tokens are cut out, what is left is normalized,
// split into words, turned into tokens by the model, and put together by the post-processor; the decoder goes back.
// Results are those of the `tokenizers` library (0.23), with which every step is compared.

import SafeIO
import Synchronization

/// Turns text into the ids that a model works on, and back.
package final class Tokenizer: Sendable {
  private let normalizer: (any Normalizer)?
  private let preTokenizer: (any PreTokenizer)?
  private let model: any TokenModel
  private let postProcessor: (any PostProcessor)?
  private let decoder: (any TokenDecoder)?
  private let added: AddedVocabulary
  /// The named special tokens of tokenizer_config.json, such as `bos_token`.
  package let namedTokens: [String: String]

  private let padding: JSON
  private let paddingSide: String?
  private let source: String

  /// The string of each id as decoding sees it.
  private let tokenStrings: [String?]
  private let isSpecialID: [Bool]
  private let workspaces = Mutex<[Workspace]>([])

  /// Makes a tokenizer from the content of a tokenizer.json.
  ///
  /// Its `truncation` is left aside, and its `padding` is for batches alone: they are settings of whoever saved the file.
  /// - Parameters:
  ///   - json: the file's content.
  ///   - source: the file's name in errors.
  /// - Throws: `Failure.badData` with the place in the file, also for a step that is not supported.
  package convenience init(json: JSON, source: String) throws(Failure) {
    try self.init(json: json, source: source, configuration: TokenizerConfiguration())
  }

  init(json: JSON, source: String, configuration: TokenizerConfiguration) throws(Failure) {
    let fields = try Fields(json, source: source)
    normalizer = try Normalizers.table.make(fields.object["normalizer"], source: source)
    preTokenizer = try PreTokenizers.table.make(fields.object["pre_tokenizer"], source: source)
    postProcessor = try PostProcessors.table.make(fields.object["post_processor"], source: source)
    decoder = try TokenDecoders.table.make(fields.object["decoder"], source: source)
    guard let model = try TokenModels.table.make(fields.object["model"], source: source) else {
      throw .badData("\(source): key 'model'", "is missing")
    }
    self.model = model

    var added = AddedVocabulary()
    var tokens: [AddedToken] = []
    for entry in try fields.optionalArray("added_tokens") ?? [] {
      tokens.append(try AddedToken(Fields(entry, source: "\(source): key 'added_tokens'")))
    }
    try added.add(tokens, vocabulary: model.vocabulary, normalizer: normalizer)
    try added.add(
      configuration.tokensToAdd(beside: added), vocabulary: model.vocabulary, normalizer: normalizer)
    self.added = added
    var named = configuration.namedTokens
    for (name, token) in try fields.optionalFields("named_tokens")?.object ?? [:] where named[name] == nil {
      named[name] = token.stringValue
    }
    namedTokens = named
    padding = fields.object["padding"] ?? .null
    paddingSide = configuration.paddingSide
    self.source = source

    var strings = model.vocabulary.tokens
    for (id, token) in added.tokens {
      while strings.count <= Int(id) { strings.append(nil) }
      strings[Int(id)] = added.normalizedContents[id] ?? token.content
    }
    tokenStrings = strings
    for id in postProcessor?.ids ?? [] where !strings.indices.contains(Int(id)) {
      throw .badData("\(source): key 'post_processor'", "puts in the id \(id), which no token has")
    }
    let specials = Set(added.tokens.values.filter(\.isSpecial).map { [UInt8]($0.content.utf8) })
    isSpecialID = strings.map { string in string.map { specials.contains([UInt8]($0.utf8)) } ?? false }
  }

  // MARK: Vocabulary

  /// One more than the largest id, added tokens included.
  package var vocabularySize: Int { tokenStrings.count }

  /// The id of a token, added ones first.
  package func id(of token: String) -> Int32? { added.id(of: token) ?? model.vocabulary.id(of: token) }

  /// The token of an id as decoding sees it, nil for an id that is not in use.
  package func token(of id: Int32) -> String? {
    tokenStrings.indices.contains(Int(id)) ? tokenStrings[Int(id)] : nil
  }

  /// Whether decoding may skip this id.
  package func isSpecial(_ id: Int32) -> Bool {
    isSpecialID.indices.contains(Int(id)) && isSpecialID[Int(id)]
  }

  /// Whether a token is found in texts before the model sees them.
  func isAdded(_ id: Int32) -> Bool { added.tokens[id] != nil }

  /// Checks that a model with `vocabulary` embeddings knows every ordinary token.
  ///
  /// A special token without an embedding, such as one for padding, does no harm until it is used.
  /// - Throws: `Failure.badData` that names `source`.
  package func checkFit(vocabulary: Int, source: String) throws(Failure) {
    for id in vocabulary..<max(vocabulary, vocabularySize) where bytes(of: Int32(id)) != nil {
      throw .badData(
        source,
        "has a token with id \(id), but the model knows only ids 0 to \(vocabulary - 1); they do not belong together"
      )
    }
  }

  /// What a token adds to the text when other tokens stand before it; nil for special tokens and unknown ids.
  ///
  /// A character may be spread over several tokens, so this need not be UTF-8.
  package func bytes(of id: Int32) -> [UInt8]? {
    guard let token = token(of: id), !isSpecial(id) else { return nil }
    let bytes = [UInt8](token.utf8)
    guard let decoder else { return [UInt8(ascii: " ")] + bytes }
    var isFused = false
    return decoder.bytesInMiddle(bytes, isFused: &isFused)
  }

  /// The token with which texts begin, as tokenizer_config.json names it.
  package var bosToken: (text: String, id: Int32)? { named("bos_token") }

  /// The token with which texts end, as tokenizer_config.json names it.
  package var eosToken: (text: String, id: Int32)? { named("eos_token") }

  private func named(_ name: String) -> (text: String, id: Int32)? {
    guard let text = namedTokens[name], let id = id(of: text) else { return nil }
    return (text, id)
  }

  // MARK: Encoding

  /// Tokenizes a text, or two that belong together.
  /// - Parameters:
  ///   - addSpecialTokens: whether the post-processor puts in special tokens, such as one for the beginning.
  ///   - special: where special tokens that stand in the text are read as such.
  /// - Throws: `Failure.badData` when a pattern of the tokenizer backtracks without end, or a character has no token
  ///   and the vocabulary no unknown token.
  package func encode(
    _ text: String, pair: String? = nil, addSpecialTokens: Bool = true,
    special: SpecialTokenReading = .everywhere
  ) throws(Failure) -> Encoding {
    var parts = [try encode(text, typeID: 0, special)]
    if let pair { parts.append(try encode(pair, typeID: 1, special)) }
    if let postProcessor { parts = postProcessor.process(parts, addSpecialTokens: addSpecialTokens) }
    var result = Encoding()
    for part in parts { result.append(part) }
    return result
  }

  private func encode(
    _ text: String, typeID: Int32, _ special: SpecialTokenReading
  ) throws(Failure) -> Encoding {
    var workspace = workspaces.withLock { $0.popLast() } ?? Workspace()
    defer { workspaces.withLock { $0.append(workspace) } }
    var encoding = Encoding()
    for piece in try added.pieces(of: text, normalizer: normalizer, special: special) {
      switch piece {
      case .token(let id, let text):
        var cursor = AlignedText.OriginCursor()
        encoding.ids.append(id)
        encoding.tokens.append(text.string)
        encoding.offsets.append(cursor.origin(of: 0..<text.bytes.count, in: text))
      case .text(let text):
        var words = Words(text)
        try preTokenizer?.split(&words)
        if !model.readsByteAlphabet { try words.writeOutByteAlphabet() }
        try append(words, to: &encoding, &workspace)
      }
    }
    encoding.typeIDs = Array(repeating: typeID, count: encoding.count)
    return encoding
  }

  private func append(
    _ words: Words, to encoding: inout Encoding, _ workspace: inout Workspace
  ) throws(Failure) {
    var tokens: [ModelToken] = []
    var cursor = AlignedText.OriginCursor()
    for range in words.ranges {
      tokens.removeAll(keepingCapacity: true)
      try model.tokenize(
        words.text.bytes[range], inByteAlphabet: words.isInByteAlphabet, into: &tokens,
        workspace: &workspace)
      var start = range.lowerBound
      for token in tokens {
        let extent = start..<start + Int(token.extent)
        encoding.ids.append(token.id)
        encoding.tokens.append(
          token.id == model.textID
            ? String(decoding: words.text.bytes[extent], as: UTF8.self)
            : model.vocabulary.tokens[Int(token.id)] ?? "")
        encoding.offsets.append(cursor.origin(of: extent, in: words.text))
        start += Int(token.length)
      }
    }
  }

  /// How a batch is padded: as the tokenizer's file says, else to the longest text with the token named `pad_token`.
  /// - Throws: `Failure.badData` when the file names no padding token, or asks for what can't be.
  package func batchPadding() throws(Failure) -> Padding {
    if let fields = try Fields(["padding": padding], source: source).optionalFields("padding") {
      return try Padding(fields)
    }
    guard let token = namedTokens["pad_token"], let id = id(of: token) else {
      throw .badData(source, "neither 'padding' nor a 'pad_token' beside it says how to pad a batch")
    }
    return Padding(token: token, id: id, isLeft: paddingSide == "left")
  }

  // MARK: Decoding

  /// The text of ids.
  ///
  /// Ids that are not in the vocabulary are left out, as the `tokenizers` library does; bytes that are no
  /// UTF-8 become U+FFFD.
  package func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool) -> String {
    var tokens: [String] = []
    for id in ids {
      guard let token = token(of: id), !(skipSpecialTokens && isSpecial(id)) else { continue }
      tokens.append(token)
    }
    guard let decoder else { return tokens.joined(separator: " ") }
    return decoder.decode(tokens).joined()
  }

  /// A stream that gives the text of ids as they come.
  package func makeDecodeStream(skipSpecialTokens: Bool) -> DecodeStream {
    DecodeStream(tokenizer: self, skipSpecialTokens: skipSpecialTokens)
  }
}
