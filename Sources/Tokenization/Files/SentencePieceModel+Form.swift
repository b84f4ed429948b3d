// SentencePiece models in the form of tokenizer.json: exactly, with the steps that only mlt knows, and as transformers
// converts them (convert_slow_tokenizer.py), for a tokenizer.json that others read.

import SafeIO

extension SentencePieceModel {
  /// Which special tokens stand around a text, and how the texts between special tokens are read.
  struct Use {
    var addsBOS: Bool
    var addsEOS: Bool
    /// A space is put before what follows a special token too.
    var prefixesAlways: Bool
    /// Control pieces that stand in a text are read as such.
    var readsControls: Bool
    /// What the user defined is cut out of the text before anything else, as llama.cpp does it.
    var cutsUserDefined: Bool

    /// As SentencePiece alone has it: special tokens stand in no text.
    init(_ model: SentencePieceModel) {
      addsBOS = model.controlIDs["bos"] != nil
      addsEOS = !addsBOS && model.controlIDs["eos"] != nil
      prefixesAlways = true
      readsControls = false
      cutsUserDefined = false
    }
  }

  /// The form that tokenizes exactly as SentencePiece does.
  func exactForm(_ use: Use) -> JSON {
    var normalizer: JSONObject = [
      "type": "SentencePiece",
      "prefix": addsDummyPrefix ? use.prefixesAlways ? "always" : "first" : "never",
      "remove_extra_whitespaces": .bool(removesExtraSpaces), "escape_whitespaces": .bool(marksSpaces),
      "whitespace_as_suffix": .bool(isSuffix),
    ]
    if !charactersMap.isEmpty { normalizer["precompiled_charsmap"] = .string(Base64.encode(charactersMap)) }
    let kept = use.cutsUserDefined ? [] : pieces.filter { $0.type == .userDefined }
    if !kept.isEmpty { normalizer["user_defined"] = .array(kept.map { .string($0.text) }) }
    var decoder: JSONObject = [
      "type": "SentencePiece", "add_dummy_prefix": .bool(addsDummyPrefix),
      "unk_surface": .string(unknownSign),
      "remove_extra_whitespaces": .bool(removesExtraSpaces), "byte_fallback": .bool(fallsBackToBytes),
    ]
    if let unknownID { decoder["unk_token"] = .string(pieces[unknownID].text) }
    var model = standardModel
    if kind == .bpe { model["scores"] = .array(pieces.map { .double(Double($0.score)) }) }
    if !use.cutsUserDefined { model["types"] = .array(pieces.map { .integer($0.type.rawValue) }) }
    return form(use, normalizer: .object(normalizer), preTokenizer: nil, decoder: .object(decoder), model)
  }

  /// The form that transformers reads.
  func standardForm(_ use: Use) throws(Failure) -> JSON {
    var model = standardModel
    if kind == .bpe {
      let fields = try Fields(exactForm(use), source: "the vocabulary").fields("model")
      model["merges"] = try PieceScores(fields, vocabulary: Vocabulary(fields, "vocab")).listedMerges()
    }
    let mark: JSON = "\u{2581}"
    var normalizers: [JSON] = []
    if !charactersMap.isEmpty {
      normalizers.append([
        "type": "Precompiled", "precompiled_charsmap": .string(Base64.encode(charactersMap)),
      ])
    }
    let metaspace: JSON = [
      "type": "Metaspace", "replacement": mark,
      "prepend_scheme": addsDummyPrefix ? use.prefixesAlways ? "always" : "first" : "never",
      "split": .bool(kind == .unigram),
    ]
    if kind == .unigram {
      if removesExtraSpaces {
        normalizers.append(["type": "Strip", "strip_left": false, "strip_right": true])
        normalizers.append(["type": "Replace", "pattern": ["Regex": " {2,}"], "content": mark])
      }
      return form(
        use,
        normalizer: normalizers.isEmpty ? .null : ["type": "Sequence", "normalizers": .array(normalizers)],
        preTokenizer: metaspace, decoder: metaspace, model)
    }
    let isPrefixed = addsDummyPrefix && use.prefixesAlways
    if isPrefixed { normalizers.append(["type": "Prepend", "prepend": mark]) }
    if isPrefixed || !addsDummyPrefix {
      normalizers.append(["type": "Replace", "pattern": ["String": " "], "content": mark])
    }
    var decoders: [JSON] = [
      ["type": "Replace", "pattern": ["String": mark], "content": " "], ["type": "ByteFallback"],
      ["type": "Fuse"],
    ]
    if addsDummyPrefix { decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
    return form(
      use,
      normalizer: normalizers.isEmpty ? .null : ["type": "Sequence", "normalizers": .array(normalizers)],
      preTokenizer: addsDummyPrefix && !isPrefixed ? metaspace : nil,
      decoder: ["type": "Sequence", "decoders": .array(decoders)], model)
  }

  /// The model without merges and without what only mlt knows.
  private var standardModel: JSONObject {
    if kind == .unigram {
      return [
        "type": "Unigram", "unk_id": unknownID.map { .integer($0) } ?? .null,
        "vocab": .array(pieces.map { [.string($0.text), .double(Double($0.score))] }),
        "byte_fallback": .bool(fallsBackToBytes),
      ]
    }
    var vocabulary = JSONObject()
    for (id, piece) in pieces.enumerated() { vocabulary[piece.text] = .integer(id) }
    return [
      "type": "BPE", "dropout": nil, "unk_token": unknownID.map { .string(pieces[$0].text) } ?? .null,
      "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": true,
      "byte_fallback": .bool(fallsBackToBytes), "ignore_merges": false, "vocab": .object(vocabulary),
    ]
  }

  private func form(
    _ use: Use, normalizer: JSON, preTokenizer: JSON?, decoder: JSON, _ model: JSONObject
  ) -> JSON {
    var added: [JSON] = []
    for (id, piece) in pieces.enumerated() {
      let isControl = piece.type == .control || piece.type == .unknown
      guard isControl || use.cutsUserDefined && piece.type == .userDefined else { continue }
      added.append(
        AddedToken.form(id: id, piece.text, isSpecial: isControl, isRead: !isControl || use.readsControls))
    }
    let ids = (bos: use.addsBOS ? controlIDs["bos"] : nil, eos: use.addsEOS ? controlIDs["eos"] : nil)
    var named = JSONObject()
    if let unknownID { named["unk_token"] = .string(pieces[unknownID].text) }
    for name in ["bos", "eos", "pad"] {
      if let id = controlIDs[name] { named["\(name)_token"] = .string(pieces[id].text) }
    }
    return TokenizerForm(
      addedTokens: added, normalizer: normalizer, preTokenizer: preTokenizer ?? .null,
      postProcessor: TokenizerForm.template(
        bos: ids.bos.map { (pieces[$0].text, $0) }, eos: ids.eos.map { (pieces[$0].text, $0) }),
      decoder: decoder, model: .object(model), namedTokens: named
    ).json
  }
}
