// What GGUF needs of a tokenizer, such that llama.cpp gives the same ids: which of its kinds of tokenizer it is, read from
// the composition of its steps; and what the steps do that llama.cpp has no word for, as an error that names it.

import SafeIO

extension GGUFVocabulary {
  /// Reads the tokenizer of a model folder.
  /// - Parameters:
  ///   - directory: the folder, or the file of a tokenizer.
  ///   - modelVocabulary: how many rows the embedding has; unused tokens fill up to it, and special tokens beyond it, which
  ///     the model does not know, are left out.
  /// - Throws: `Failure.badData` with what GGUF can't say of the tokenizer.
  package init(directory: String, modelVocabulary: Int? = nil) throws(Failure) {
    let files = try TokenizerFiles(path: directory)
    let tokenizer = try Tokenizer(json: files.form, source: files.source, configuration: files.configuration)
    let form = try Fields(files.form, source: files.source)
    let steps = StepsOfForm(files.form)
    let model = try form.fields("model")
    switch try model.string("type") {
    case "Unigram": self.init(model: "t5", tokens: [])
    case "WordPiece": self.init(model: "bert", tokens: [])
    case "BPE" where steps.contains("ByteLevel"): self.init(model: "gpt2", tokens: [])
    case "BPE" where model.object["byte_fallback"]?.boolValue ?? false: self.init(model: "llama", tokens: [])
    case let type: throw model.complaint("type", "GGUF has no kind of tokenizer for this use of '\(type)'")
    }
    try readTokens(tokenizer, model, files.source, count: modelVocabulary)
    try readEnds(tokenizer, files.source)
    switch self.model {
    case "gpt2": try readMerging(files.form, model, steps, files.source)
    case "bert": try markWords(model, steps, files.source)
    default: try readPieces(model, steps, files.source)
    }
  }

  // MARK: Tokens

  private mutating func readTokens(
    _ tokenizer: Tokenizer, _ model: Fields, _ source: String, count: Int?
  ) throws(Failure) {
    let size = tokenizer.vocabularySize
    if let count { try tokenizer.checkFit(vocabulary: count, source: source) }
    let known = try PieceType.list(model, count: size)
    let named = try model.optionalString("unk_token").flatMap { tokenizer.id(of: $0) }.map { Int($0) }
    let unknownID = try model.optionalInt("unk_id") ?? named
    if let unknownID, self.model != "gpt2" { tokenIDs["unknown"] = unknownID }
    for id in 0..<min(size, count ?? size) {
      guard let token = tokenizer.token(of: Int32(id)) else {
        tokens.append("[PAD\(id)]")
        types.append(Int32(PieceType.unused.rawValue))
        continue
      }
      tokens.append(token)
      var type = PieceType.normal
      if let known {
        type = known[id]
      } else if self.model != "gpt2", id == unknownID {
        type = .unknown
      } else if tokenizer.isAdded(Int32(id)) {
        type = tokenizer.isSpecial(Int32(id)) ? .control : .userDefined
      } else if self.model != "gpt2", ByteFallback.byte(of: token) != nil {
        type = .byte
      }
      // llama.cpp looks for it in the text as it stands.
      if type == .userDefined, self.model == "llama" {
        tokens[id] = String(token.map { $0 == "\u{2581}" ? " " : $0 })
      }
      types.append(Int32(type.rawValue))
    }
    for id in tokens.count..<max(tokens.count, count ?? 0) {
      tokens.append("[PAD\(id)]")
      types.append(Int32(PieceType.unused.rawValue))
    }
  }

  /// The special tokens by name, and what stands around a text.
  private mutating func readEnds(_ tokenizer: Tokenizer, _ source: String) throws(Failure) {
    for (key, name) in Self.names {
      guard let text = tokenizer.namedTokens[name], let id = tokenizer.id(of: text), id < tokens.count else {
        continue
      }
      tokenIDs[key] = Int(id)
    }
    let bare = try tokenizer.encode("a", addSpecialTokens: false).ids
    let whole = try tokenizer.encode("a").ids
    guard let start = whole.indices.first(where: { whole[$0...].starts(with: bare) }) else {
      throw .badData(source, "GGUF can't say what its post-processor does to a text")
    }
    let (before, after) = (whole[..<start], whole[(start + bare.count)...])
    guard before.count <= 1, after.count <= 1 else {
      throw .badData(
        source,
        "its post-processor puts \(before.count) tokens before a text and \(after.count) behind it; GGUF knows one each"
      )
    }
    if let id = before.first { tokenIDs["bos"] = Int(id) }
    addsBOS = !before.isEmpty
    if model == "bert" {
      if let id = after.first { tokenIDs["seperator"] = Int(id) }
      addsSEP = !after.isEmpty
      typeCount = 2
    } else {
      if let id = after.first { tokenIDs["eos"] = Int(id) }
      addsEOS = !after.isEmpty
    }
  }

  // MARK: Byte-level BPE

  private mutating func readMerging(
    _ form: JSON, _ model: Fields, _ steps: StepsOfForm, _ source: String
  ) throws(Failure) {
    for name in steps.normalizers where !["Sequence", "NFC"].contains(name) {
      throw .badData(source, "GGUF can't say what the normalizer '\(name)' does")
    }
    merges = try Self.merges(model).map { "\($0.left) \($0.right)" }
    let ignoresMerges = try model.bool("ignore_merges", default: false)
    let words = try Self.words(form["pre_tokenizer"] ?? .null, source)
    for rule in SplitRule.table where rule.isInGGUF && rule.isByteLevel && rule.ignoresMerges == ignoresMerges
    {
      if try Self.words(rule.preTokenizer, source) == words {
        pre = rule.names[0]
        return
      }
    }
    throw .badData(source, "llama.cpp has no name for the way in which its pre-tokenizer splits texts")
  }

  /// The words of a text in which all rules differ.
  private static func words(_ preTokenizer: JSON, _ source: String) throws(Failure) -> [Range<Int>] {
    let probe = """
      I'm HERE, they'LL don't DON'T we've  now.\n\n \t x = foo(bar)/2; //ok\r\n\n  1 12 123 1234 12345678901 3.14 ½²\u{660}
      don\u{2019}t Élan e\u{301}a ÀB\u{300}c HTTPServerError camelCase αβΓ Привет мир 你好世界 中文123テスト ひらがな 한국어 ไทย हिन्दी
         trailing   \n\t\ttabs "quoted" (a) [b] {c} <d> a_b #tag @user $5 €7 £8 5% a+b=c ~x ^y `z` |w| \u{1f600}\u{1f44d}\u{1f3fd} !!! ...
      '''s 's 'S x's X'S \u{a0}nbsp \u{3000}。！？、 a/b/c /* */ !word .net ,comma -dash _under IMGIMGAZ <sentinel:1> \u{200d}\u{ad}end   \n   
      """
    var words = Words(AlignedText(original: [UInt8](probe.utf8)))
    try PreTokenizers.table.make(preTokenizer, source: source)?.split(&words)
    return words.ranges
  }

  /// The merges as pairs; those of a model with scores follow from them.
  private static func merges(_ model: Fields) throws(Failure) -> [(left: String, right: String)] {
    var entries = try model.optionalArray("merges") ?? []
    if model.has("scores") {
      let scores = try PieceScores(model, vocabulary: Vocabulary(model, "vocab"))
      entries = try scores.listedMerges().arrayValue ?? []
    }
    return entries.compactMap { entry in
      if let pair = entry.arrayValue { return (pair[0].stringValue ?? "", pair[1].stringValue ?? "") }
      let halves = (entry.stringValue ?? "").split(separator: " ", omittingEmptySubsequences: false)
      return halves.count == 2 && halves[0] != "#version:" ? (String(halves[0]), String(halves[1])) : nil
    }
  }

  // MARK: WordPiece

  private mutating func markWords(_ model: Fields, _ steps: StepsOfForm, _ source: String) throws(Failure) {
    guard steps.normalizers == ["BertNormalizer"], steps.preTokenizers == ["BertPreTokenizer"],
      steps.first("BertNormalizer")?["lowercase"]?.boolValue ?? true
    else {
      throw .badData(
        source, "llama.cpp splits words as BERT without case does, and can't be told to do it otherwise")
    }
    for id in tokens.indices where types[id] == PieceType.normal.rawValue {
      tokens[id] =
        tokens[id].hasPrefix("##") ? String(tokens[id].unicodeScalars.dropFirst(2)) : "\u{2581}" + tokens[id]
    }
  }

  // MARK: SentencePiece

  private mutating func readPieces(_ model: Fields, _ steps: StepsOfForm, _ source: String) throws(Failure) {
    let isUnigram = self.model == "t5"
    let sayable =
      isUnigram
      ? ["Precompiled", "Strip", "Replace", "SentencePiece"] : ["Prepend", "Replace", "SentencePiece"]
    for name in steps.normalizers where !sayable.contains(name) {
      throw .badData(source, "GGUF can't say what the normalizer '\(name)' does")
    }
    for name in steps.preTokenizers where !(name == "Metaspace" || isUnigram && name == "WhitespaceSplit") {
      throw .badData(source, "GGUF can't say what the pre-tokenizer '\(name)' does")
    }
    let prefix =
      steps.first("Metaspace")?["prepend_scheme"]?.stringValue
      ?? steps.first("SentencePiece")?["prefix"]?.stringValue
    addsSpacePrefix = steps.contains("Prepend") || prefix.map { $0 != "never" } ?? false
    if let map = (steps.first("Precompiled") ?? steps.first("SentencePiece"))?["precompiled_charsmap"]?
      .stringValue
    {
      precompiledCharsMap = Base64.decode(map.utf8) ?? []
    }
    guard isUnigram || precompiledCharsMap.isEmpty else {
      throw .badData(
        source, "llama.cpp does not apply the map of characters of a SentencePiece model of the kind BPE")
    }
    if isUnigram {
      removesExtraWhitespaces =
        steps.first("SentencePiece")?["remove_extra_whitespaces"]?.boolValue ?? steps.contains("Replace")
      scores = try model.array("vocab").map { Float($0.arrayValue?.last?.doubleValue ?? 0) }
    } else if model.has("scores") {
      scores = try model.array("scores").map { Float($0.doubleValue ?? 0) }
    } else {
      // A piece is made by the first merge that gives it.
      var ranks: [String: Int] = [:]
      let merges = try Self.merges(model)
      for (rank, pair) in merges.enumerated() where ranks[pair.left + pair.right] == nil {
        ranks[pair.left + pair.right] = rank
      }
      scores = tokens.indices.map { id in
        types[id] == PieceType.normal.rawValue ? -Float(ranks[tokens[id]] ?? merges.count) : 0
      }
    }
    scores += Array(repeating: 0, count: max(0, tokens.count - scores.count))
    scores.removeLast(scores.count - tokens.count)
  }
}

/// The steps of a tokenizer.json by type, those in sequences included.
private struct StepsOfForm {
  private(set) var normalizers: [String] = []
  private(set) var preTokenizers: [String] = []
  private var all: [(type: String, step: JSONObject)] = []

  init(_ form: JSON) {
    normalizers = add(form["normalizer"])
    preTokenizers = add(form["pre_tokenizer"])
  }

  func contains(_ type: String) -> Bool { first(type) != nil }

  func first(_ type: String) -> JSONObject? { all.first { $0.type == type }?.step }

  private mutating func add(_ json: JSON?) -> [String] {
    guard let step = json?.objectValue, let type = step["type"]?.stringValue else { return [] }
    guard type == "Sequence" else {
      all.append((type, step))
      return [type]
    }
    let inner = (step["normalizers"] ?? step["pretokenizers"])?.arrayValue ?? []
    var types: [String] = []
    for json in inner { types += add(json) }
    return types
  }
}
