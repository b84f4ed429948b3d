// From GGUF to the form of tokenizer.json: llama.cpp's tokenizers are compositions of the same steps.

import SafeIO

extension GGUFVocabulary {
  /// The form of tokenizer.json.
  /// - Parameter isStandard: for transformers; else for mlt alone, and exact.
  func form(source: String, isStandard: Bool) throws(Failure) -> JSON {
    let source = "\(source): tokenizer.ggml"
    try check(source)
    switch model {
    case "llama", "t5":
      let (model, use) = try pieces(source)
      return isStandard ? try model.standardForm(use) : model.exactForm(use)
    case "gpt2", "gemma4": return try byteLevelForm(source, isStandard: isStandard)
    case "bert": return wordPieceForm()
    default: throw .badData("\(source).model", "the kind of tokenizer '\(model.prefix(40))' is not supported")
    }
  }

  private func check(_ source: String) throws(Failure) {
    guard !tokens.isEmpty else { throw .badData("\(source).tokens", "is missing or empty") }
    for (name, count) in [("scores", scores.count), ("token_type", types.count)] where count > 0 {
      guard count == tokens.count else {
        throw .badData("\(source).\(name)", "has \(count) elements for \(tokens.count) tokens")
      }
    }
    for (name, id) in tokenIDs.sorted(by: { $0.key < $1.key }) where !tokens.indices.contains(id) {
      throw .badData("\(source).\(name)_token_id", "\(id) is no id of a vocabulary of \(tokens.count) tokens")
    }
    for type in types where PieceType(rawValue: Int(type)) == nil {
      throw .badData("\(source).token_type", "expected numbers from 1 to 6, found \(type)")
    }
    var known: [[UInt8]: Int] = [:]
    for (id, token) in tokens.enumerated() {
      if let other = known.updateValue(id, forKey: [UInt8](token.utf8)) {
        throw .badData("\(source).tokens", "the tokens \(other) and \(id) are both '\(token.prefix(40))'")
      }
    }
  }

  private func type(of id: Int) -> PieceType {
    types.isEmpty ? .normal : PieceType(rawValue: Int(types[id])) ?? .normal
  }

  /// The id under a name; llama.cpp's own where the file has none.
  private func id(_ name: String, default value: Int? = nil) -> Int? {
    tokenIDs[name] ?? value.flatMap { tokens.indices.contains($0) ? $0 : nil }
  }

  // MARK: SentencePiece

  private func pieces(_ source: String) throws(Failure) -> (SentencePieceModel, SentencePieceModel.Use) {
    guard scores.count == tokens.count else {
      throw .badData("\(source).scores", "is missing, which the kind '\(model)' needs")
    }
    let isUnigram = model == "t5"
    var result = SentencePieceModel()
    result.kind = isUnigram ? .unigram : .bpe
    result.pieces = tokens.indices.map { .init(text: tokens[$0], score: scores[$0], type: type(of: $0)) }
    if let unknown = id("unknown", default: isUnigram ? 2 : 0) {
      for index in result.pieces.indices where result.pieces[index].type == .unknown {
        result.pieces[index].type = .control
      }
      result.pieces[unknown].type = .unknown
    }
    result.fallsBackToBytes =
      isUnigram ? result.pieces.contains { $0.type == .byte } : tokens.contains("<0x00>")
    result.charactersMap = precompiledCharsMap
    result.addsDummyPrefix = addsSpacePrefix ?? true
    result.removesExtraSpaces = removesExtraWhitespaces ?? isUnigram
    for (key, name, usual) in [("bos", "bos", 1), ("eos", "eos", isUnigram ? 1 : 2), ("padding", "pad", -1)] {
      if let id = id(key, default: isUnigram && key == "bos" ? nil : usual) { result.controlIDs[name] = id }
    }
    var use = SentencePieceModel.Use(result)
    use.addsBOS = addsBOS ?? !isUnigram
    use.addsEOS = addsEOS ?? isUnigram
    use.readsControls = true
    use.cutsUserDefined = !isUnigram
    return (result, use)
  }

  // MARK: Byte-level BPE

  private func byteLevelForm(_ source: String, isStandard: Bool) throws(Failure) -> JSON {
    let pre = model == "gemma4" ? "gemma4" : pre ?? "default"
    guard let rule = SplitRule.named(pre), rule.isInGGUF else {
      let known = SplitRule.table.filter(\.isInGGUF).flatMap(\.names)
      throw .badData(
        "\(source).pre",
        "the way to split texts called '\(pre.prefix(40))' is not known\(Spelling.suggestion(for: pre, among: known))"
      )
    }
    var vocabulary = JSONObject()
    for (id, token) in tokens.enumerated() { vocabulary[token] = .integer(id) }
    var added: [JSON] = []
    for (id, token) in tokens.enumerated() {
      switch type(of: id) {
      case .control, .unknown: added.append(AddedToken.form(id: id, token, isSpecial: true))
      case .userDefined: added.append(AddedToken.form(id: id, token, isSpecial: false))
      case .normal, .unused, .byte: break
      }
    }
    let mark: JSON = "\u{2581}"
    let plain: (normalizer: JSON, decoder: JSON) = (
      ["type": "Replace", "pattern": ["String": " "], "content": mark],
      [
        "type": "Sequence",
        "decoders": [
          ["type": "Replace", "pattern": ["String": mark], "content": " "], ["type": "ByteFallback"],
          ["type": "Fuse"],
        ],
      ]
    )
    let bos = addsBOS ?? rule.addsBOS ? id("bos", default: 11) : nil
    let eos = addsEOS ?? false ? id("eos", default: 11) : nil
    return TokenizerForm(
      addedTokens: added,
      normalizer: !rule.isByteLevel
        ? plain.normalizer : isStandard && rule.composes ? ["type": "NFC"] : .null,
      preTokenizer: rule.preTokenizer, postProcessor: template(bos: bos, eos: eos),
      decoder: rule.isByteLevel ? TokenizerForm.byteLevel : plain.decoder,
      model: [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil,
        "fuse_unk": false, "byte_fallback": .bool(!rule.isByteLevel),
        "ignore_merges": .bool(rule.ignoresMerges),
        "vocab": .object(vocabulary), "merges": .array(merges.map { .string($0) }),
      ], namedTokens: namedTokens
    ).json
  }

  // MARK: WordPiece

  /// GGUF marks the beginning of words, BERT what continues them.
  private func wordPieceForm() -> JSON {
    var vocabulary = JSONObject()
    var added: [JSON] = []
    for (id, token) in tokens.enumerated() {
      let isSpecial =
        type(of: id) == .control || type(of: id) == .unknown || token.hasPrefix("[") && token.hasSuffix("]")
      if isSpecial {
        vocabulary[token] = .integer(id)
        added.append(AddedToken.form(id: id, token, isSpecial: true))
      } else {
        vocabulary[token.hasPrefix("\u{2581}") ? String(token.unicodeScalars.dropFirst()) : "##" + token] =
          .integer(id)
      }
    }
    let unknown = id("unknown", default: 100).map { tokens[$0] } ?? "[UNK]"
    return TokenizerForm(
      addedTokens: added,
      normalizer: [
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil,
        "lowercase": true,
      ],
      preTokenizer: ["type": "BertPreTokenizer"],
      postProcessor: template(
        bos: addsBOS ?? true ? id("bos", default: 101) : nil,
        eos: addsSEP ?? true ? id("seperator", default: 102) : nil),
      decoder: ["type": "WordPiece", "prefix": "##", "cleanup": true],
      model: [
        "type": "WordPiece", "unk_token": .string(unknown), "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": .object(vocabulary),
      ], namedTokens: namedTokens
    ).json
  }

  private func template(bos: Int?, eos: Int?) -> JSON {
    TokenizerForm.template(bos: bos.map { (tokens[$0], $0) }, eos: eos.map { (tokens[$0], $0) })
  }

  private var namedTokens: JSONObject {
    var named = JSONObject()
    for (key, name) in Self.names {
      if let id = tokenIDs[key] { named[name] = .string(tokens[id]) }
    }
    return named
  }
}
