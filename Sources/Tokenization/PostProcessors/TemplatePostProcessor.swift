// Special tokens at fixed places around one text, or two.

import SafeIO

/// `TemplateProcessing`.
struct TemplatePostProcessor: PostProcessor {
  private enum Piece: Sendable {
    /// The first text (0) or the second (1).
    case text(Int, typeID: Int32)
    case special(Encoding)
  }

  private let single: [Piece]
  private let pair: [Piece]

  init(_ fields: Fields) throws(Failure) {
    single = try Self.pieces(fields, "single", texts: 1)
    pair = try Self.pieces(fields, "pair", texts: 2)
  }

  var ids: [Int32] {
    (single + pair).flatMap { piece -> [Int32] in
      if case .special(let encoding) = piece { encoding.ids } else { [] }
    }
  }

  func process(_ parts: [Encoding], addSpecialTokens: Bool) -> [Encoding] {
    (parts.count == 1 ? single : pair).compactMap { piece in
      switch piece {
      case .text(let index, let typeID):
        var encoding = parts[index]
        encoding.typeIDs = Array(repeating: typeID, count: encoding.count)
        return encoding
      case .special(let encoding): return addSpecialTokens ? encoding : nil
      }
    }
  }

  private static func pieces(_ fields: Fields, _ key: String, texts: Int) throws(Failure) -> [Piece] {
    let specialTokens = try fields.fields("special_tokens")
    var pieces: [Piece] = []
    for json in try fields.array(key) {
      let piece = try Fields(json, source: "\(fields.source): key '\(key)'")
      if let text = try piece.optionalFields("Sequence") {
        let name = try text.string("id")
        guard let index = ["A", "B"].firstIndex(of: name), index < texts else {
          throw text.complaint("id", "the text '\(name.prefix(20))' is not there in '\(key)'")
        }
        pieces.append(.text(index, typeID: try typeID(text)))
      } else {
        let special = try piece.fields("SpecialToken")
        let token = try specialTokens.fields(try special.string("id"))
        pieces.append(.special(try encoding(of: token, typeID: typeID(special))))
      }
    }
    return pieces
  }

  private static func typeID(_ fields: Fields) throws(Failure) -> Int32 {
    guard let id = Int32(exactly: try fields.int("type_id")) else {
      throw fields.complaint("type_id", "is out of range")
    }
    return id
  }

  private static func encoding(of token: Fields, typeID: Int32) throws(Failure) -> Encoding {
    let ids = try token.array("ids").compactMap { $0.intValue.flatMap { Int32(exactly: $0) } }
    let tokens = try token.strings("tokens")
    guard ids.count == tokens.count, ids.count == (try token.array("ids").count) else {
      throw token.complaint("ids", "must have one id for each of 'tokens'")
    }
    return Encoding(
      ids: ids, tokens: tokens, offsets: Array(repeating: 0..<0, count: ids.count),
      typeIDs: Array(repeating: typeID, count: ids.count))
  }
}
