// Every word is a token, or unknown.

import SafeIO

/// `WordLevel`.
struct WordLevelModel: TokenModel {
  let vocabulary: Vocabulary
  let readsByteAlphabet = false
  private let unknown: String

  init(_ fields: Fields) throws(Failure) {
    vocabulary = try Vocabulary(fields, "vocab")
    unknown = try fields.string("unk_token", default: "<unk>")
  }

  func tokenize(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure) {
    guard let id = vocabulary.id(of: word) ?? vocabulary.id(of: unknown) else {
      throw .badData(
        "tokenizer.json",
        "the text has a word that the vocabulary lacks, and so is the unknown token '\(unknown)'")
    }
    tokens.append(ModelToken(id: id, length: Int32(word.count)))
  }
}
