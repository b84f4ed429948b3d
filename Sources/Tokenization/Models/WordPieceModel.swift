// WordPiece as in BERT: from the start of a word on always the longest token, and a word that can't be written so is
// unknown as a whole. Behaviour of the `tokenizers` library, models/wordpiece/mod.rs.
//
// Unsafe memory: the word is read through a pointer, within its bounds.

import SafeIO

/// `WordPiece`.
struct WordPieceModel: TokenModel {
  let vocabulary: Vocabulary
  let readsByteAlphabet = false
  private let heads: PieceTrie
  /// The tokens that continue a word, without their prefix.
  private let tails: PieceTrie
  private let unknown: String
  private let unknownID: Int32?
  /// In scalars; a longer word is unknown.
  private let maximumLength: Int

  init(_ fields: Fields) throws(Failure) {
    vocabulary = try Vocabulary(fields, "vocab")
    unknown = try fields.string("unk_token", default: "[UNK]")
    unknownID = vocabulary.id(of: unknown)
    maximumLength = try fields.int("max_input_chars_per_word", default: 100)
    let prefix = [UInt8](try fields.string("continuing_subword_prefix", default: "##").utf8)
    var pieces: [(bytes: [UInt8], id: Int32)] = []
    for (id, token) in vocabulary.tokens.enumerated() {
      if let token, !token.isEmpty { pieces.append(([UInt8](token.utf8), Int32(id))) }
    }
    heads = try PieceTrie(pieces, source: fields.source)
    tails = try PieceTrie(
      pieces.filter { $0.bytes.count > prefix.count && $0.bytes.starts(with: prefix) }
        .map { (Array($0.bytes.dropFirst(prefix.count)), $0.id) },
      source: fields.source)
  }

  func tokenize(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure) {
    if workspace.recall(word, into: &tokens) { return }
    let start = tokens.count
    let isTooLong = word.count > maximumLength && UTF8Text.count(in: word) > maximumLength
    if isTooLong || !word.withUnsafeBufferPointer({ split($0, into: &tokens) }) {
      tokens.removeSubrange(start...)
      guard let unknownID else {
        throw .badData(
          "tokenizer.json",
          "the text has a word that the vocabulary can't write, and the unknown token '\(unknown)' is not in it"
        )
      }
      tokens.append(ModelToken(id: unknownID, length: Int32(word.count)))
    }
    workspace.keep(word, tokens[start...])
  }

  /// False when no token continues the word somewhere.
  private func split(_ word: UnsafeBufferPointer<UInt8>, into tokens: inout [ModelToken]) -> Bool {
    var start = 0
    while start < word.count {
      var longest: (end: Int, id: Int32)?
      (start == 0 ? heads : tails).forEachMatch(in: word, at: start) { end, id in
        longest = (end, id)
      }
      guard let longest else { return false }
      tokens.append(ModelToken(id: longest.id, length: Int32(longest.end - start)))
      start = longest.end
    }
    return true
  }
}
