// What a piece of a SentencePiece model is for (sentencepiece_model.proto, SentencePiece.Type; GGUF has the same
// numbers).

import SafeIO

/// The type of a piece.
enum PieceType: Int, Sendable {
  case normal = 1
  case unknown = 2
  /// It stands for something that no text says, such as a beginning.
  case control = 3
  /// It is found in the text as it stands, before any other.
  case userDefined = 4
  case unused = 5
  case byte = 6

  /// The types of all tokens as `types` in a model says them, nil when there is no such key: what tokenizer.json can't say
  /// of a SentencePiece model.
  static func list(_ fields: Fields, count: Int) throws(Failure) -> [PieceType]? {
    guard let numbers = try fields.optionalArray("types") else { return nil }
    let types = numbers.compactMap { $0.intValue.flatMap { PieceType(rawValue: $0) } }
    guard types.count == count, numbers.count == count else {
      throw fields.complaint("types", "must have a number from 1 to 6 for each of the \(count) tokens")
    }
    return types
  }
}
