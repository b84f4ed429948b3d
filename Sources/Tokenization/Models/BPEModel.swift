// Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909) with the options of the `tokenizers` library
// (models/bpe/model.rs): byte-level and SentencePiece style with byte fallback.

import SafeIO

/// `BPE`.
struct BPEModel: TokenModel {
  let vocabulary: Vocabulary
  private let merges: MergeTable
  /// The symbol of each byte, for words in the byte alphabet; -1 where the vocabulary has none.
  private let byteSymbols: [Int32]
  private let unknown: String?
  private let unknownID: Int32?
  private let fusesUnknown: Bool
  private let fallback: ByteFallback.Tokens?
  /// A word that is a token is that token, whatever the merges say.
  private let ignoresMerges: Bool
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  /// Whether every byte has a symbol, and no prefix or suffix changes it.
  let readsByteAlphabet: Bool
  /// Pieces that are found in a word before anything is merged, and merge with nothing.
  private let userDefined: PieceTrie?
  /// Where a text without pre-tokenizer may be cut without changing its tokens.
  private let boundary: MergeBoundary?

  init(_ fields: Fields) throws(Failure) {
    let vocabulary = try Vocabulary(fields, "vocab")
    if try fields.double("dropout", default: 0) != 0 {
      throw fields.complaint("dropout", "merging at random is not supported; set it to null")
    }
    self.vocabulary = vocabulary
    unknown = try fields.optionalString("unk_token")
    unknownID = unknown.flatMap { vocabulary.id(of: $0) }
    fusesUnknown = try fields.bool("fuse_unk", default: false)
    fallback = try fields.bool("byte_fallback", default: false) ? ByteFallback.Tokens(vocabulary) : nil
    ignoresMerges = try fields.bool("ignore_merges", default: false)
    prefix = [UInt8](try fields.string("continuing_subword_prefix", default: "").utf8)
    suffix = [UInt8](try fields.string("end_of_word_suffix", default: "").utf8)
    let (merges, boundary): (MergeTable, MergeBoundary?)
    if fields.has("scores") {
      let scores = try PieceScores(fields, vocabulary: vocabulary)
      (merges, boundary) = try scores.merges()
      userDefined = try scores.userDefined()
    } else {
      let reader = MergeReader(fields: fields, vocabulary: vocabulary, prefixLength: prefix.count)
      (merges, boundary) = try reader.read()
      userDefined = nil
    }
    self.merges = merges
    self.boundary = ignoresMerges || !prefix.isEmpty || !suffix.isEmpty ? nil : boundary
    byteSymbols = ByteAlphabet.scalars.map { scalar in
      var text: [UInt8] = []
      UTF8Text.append(scalar, to: &text)
      return vocabulary.id(of: text) ?? -1
    }
    readsByteAlphabet = prefix.isEmpty && suffix.isEmpty && !byteSymbols.contains(-1)
  }

  func tokenize(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure) {
    guard let userDefined else {
      try tokenizeParts(word, inByteAlphabet: inByteAlphabet, into: &tokens, workspace: &workspace)
      return
    }
    var start = word.startIndex
    var index = start
    while index < word.endIndex {
      var longest: (end: Int, id: Int32)?
      word.withUnsafeBufferPointer { bytes in
        userDefined.forEachMatch(in: bytes, at: index - word.startIndex) {
          longest = ($0 + word.startIndex, $1)
        }
      }
      guard let longest else {
        index += UTF8Text.length(ofLead: word[index])
        continue
      }
      try tokenizeParts(word[start..<index], inByteAlphabet: false, into: &tokens, workspace: &workspace)
      tokens.append(ModelToken(id: longest.id, length: Int32(longest.end - index)))
      (start, index) = (longest.end, longest.end)
    }
    try tokenizeParts(word[start...], inByteAlphabet: false, into: &tokens, workspace: &workspace)
  }

  /// Cuts a word where no merge reaches across, and tokenizes the parts.
  private func tokenizeParts(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure) {
    guard !inByteAlphabet, let boundary else {
      try tokenizePart(word, inByteAlphabet: inByteAlphabet, into: &tokens, workspace: &workspace)
      return
    }
    var start = word.startIndex
    while start < word.endIndex {
      let end = boundary.next(in: word, after: start)
      try tokenizePart(word[start..<end], inByteAlphabet: false, into: &tokens, workspace: &workspace)
      start = end
    }
  }

  private func tokenizePart(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure) {
    if workspace.recall(word, into: &tokens) { return }
    let start = tokens.count
    try tokenizeAnew(word, inByteAlphabet: inByteAlphabet, into: &tokens, merging: &workspace.merging)
    workspace.keep(word, tokens[start...])
  }

  private func tokenizeAnew(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    merging: inout MergeBuffers
  ) throws(Failure) {
    if ignoresMerges, let id = wholeWord(word, inByteAlphabet: inByteAlphabet) {
      tokens.append(ModelToken(id: id, length: Int32(word.count)))
      return
    }
    merging.start()
    if inByteAlphabet {
      for byte in word { merging.add(byteSymbols[Int(byte)], length: 1) }
    } else {
      try addSymbols(of: word, to: &merging)
    }
    merging.merge(with: merges, into: &tokens)
  }

  private func wholeWord(_ word: ArraySlice<UInt8>, inByteAlphabet: Bool) -> Int32? {
    guard inByteAlphabet else { return vocabulary.id(of: word) }
    var spelled: [UInt8] = []
    spelled.reserveCapacity(word.count * 2)
    for byte in word { UTF8Text.append(ByteAlphabet.scalars[Int(byte)], to: &spelled) }
    return vocabulary.id(of: spelled)
  }

  /// The characters of a word as symbols, unknown ones by their bytes or as the unknown token.
  private func addSymbols(of word: ArraySlice<UInt8>, to merging: inout MergeBuffers) throws(Failure) {
    var unknownLength = 0
    var index = word.startIndex
    while index < word.endIndex {
      let length = UTF8Text.length(ofLead: word[index])
      var symbol: [UInt8] = index > word.startIndex ? prefix : []
      symbol += word[index..<index + length]
      index += length
      if index == word.endIndex { symbol += suffix }
      if let id = vocabulary.id(of: symbol) {
        if unknownLength > 0 { merging.add(try knownUnknown(), length: unknownLength) }
        unknownLength = 0
        merging.add(id, length: length)
      } else if let ids = fallback?.ids(of: symbol) {
        for id in ids { merging.add(id, length: 1) }
      } else if unknown != nil {
        if unknownLength > 0 && !fusesUnknown {
          merging.add(try knownUnknown(), length: unknownLength)
          unknownLength = 0
        }
        unknownLength += length
      }
    }
    if unknownLength > 0 { merging.add(try knownUnknown(), length: unknownLength) }
  }

  private func knownUnknown() throws(Failure) -> Int32 {
    guard let unknownID else {
      throw .badData(
        "tokenizer.json",
        "the text has a character that the vocabulary lacks, and so is the unknown token '\(unknown ?? "")'")
    }
    return unknownID
  }
}
