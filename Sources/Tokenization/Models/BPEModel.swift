// Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909) with the options of the `tokenizers` library
// (models/bpe/model.rs): byte-level and SentencePiece style with byte fallback.

import SafeIO

/// `BPE`.
struct BPEModel: TokenModel {
  let vocabulary: Vocabulary
  private let merges: MergeTable
  /// The symbol of each byte, for words in the byte alphabet; -1 where the vocabulary has none.
  private let byteSymbols: [Int32]
  /// The tokens `<0x00>` to `<0xFF>`; -1 where the vocabulary has none.
  private let fallbackSymbols: [Int32]
  private let unknown: String?
  private let unknownID: Int32?
  private let fusesUnknown: Bool
  private let fallsBackToBytes: Bool
  /// A word that is a token is that token, whatever the merges say.
  private let ignoresMerges: Bool
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  /// Whether every byte has a symbol, and no prefix or suffix changes it.
  let readsByteAlphabet: Bool
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
    fallsBackToBytes = try fields.bool("byte_fallback", default: false)
    ignoresMerges = try fields.bool("ignore_merges", default: false)
    prefix = [UInt8](try fields.string("continuing_subword_prefix", default: "").utf8)
    suffix = [UInt8](try fields.string("end_of_word_suffix", default: "").utf8)
    let reader = MergeReader(fields: fields, vocabulary: vocabulary, prefixLength: prefix.count)
    let (merges, boundary) = try reader.read()
    self.merges = merges
    self.boundary = ignoresMerges || !prefix.isEmpty || !suffix.isEmpty ? nil : boundary
    byteSymbols = ByteAlphabet.scalars.map { scalar in
      var text: [UInt8] = []
      UTF8Text.append(scalar, to: &text)
      return vocabulary.id(of: text) ?? -1
    }
    readsByteAlphabet = prefix.isEmpty && suffix.isEmpty && !byteSymbols.contains(-1)
    fallbackSymbols = (0..<256).map { vocabulary.id(of: ByteFallback.token(of: UInt8($0))) ?? -1 }
  }

  func tokenize(
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
    guard word.count <= WordCache.maximumLength else {
      try tokenizeAnew(word, inByteAlphabet: inByteAlphabet, into: &tokens, merging: &workspace.merging)
      return
    }
    let isKnown = word.withUnsafeBufferPointer { workspace.cache.lookUp($0, into: &tokens) }
    if isKnown { return }
    let start = tokens.count
    try tokenizeAnew(word, inByteAlphabet: inByteAlphabet, into: &tokens, merging: &workspace.merging)
    word.withUnsafeBufferPointer { workspace.cache.insert($0, tokens: tokens[start...]) }
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
      } else if fallsBackToBytes && symbol.allSatisfy({ fallbackSymbols[Int($0)] >= 0 }) {
        for byte in symbol { merging.add(fallbackSymbols[Int(byte)], length: 1) }
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
