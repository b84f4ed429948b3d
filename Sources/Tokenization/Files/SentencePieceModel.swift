// A `tokenizer.model` of SentencePiece: a protocol buffer with the pieces, and how texts are normalized
// (sentencepiece_model.proto).

import SafeIO

/// What a SentencePiece model says.
struct SentencePieceModel: Sendable {
  struct Piece: Sendable {
    var text = ""
    var score: Float = 0
    var type = PieceType.normal
  }

  enum Kind: Sendable {
    case unigram
    case bpe
  }

  var kind = Kind.unigram
  var pieces: [Piece] = []
  var fallsBackToBytes = false
  /// The mark of a space stands at the end of words.
  var isSuffix = false
  /// What decoding shows for the unknown piece.
  var unknownSign = " \u{2047} "
  /// The ids of the pieces that stand for a beginning (`bos`), an end (`eos`) and padding (`pad`), of those that there are.
  var controlIDs: [String: Int] = [:]
  var charactersMap: [UInt8] = []
  var addsDummyPrefix = true
  var removesExtraSpaces = true
  var marksSpaces = true

  /// A model with nothing in it yet.
  init() {}

  /// Reads a file's content.
  /// - Throws: `Failure.badData` with the byte at which the file is malformed, or what it says that is not supported.
  init(_ content: [UInt8], source: String) throws(Failure) {
    var controls = ["bos": "<s>", "eos": "</s>", "pad": "<pad>"]
    try ProtobufMessage(content[...], source: source).forEachField { number, field throws(Failure) in
      switch number {
      case 1: pieces.append(try Self.piece(field.message()))
      case 2: try readTraining(field.message(), &controls)
      case 3: try readNormalizing(field.message())
      case 5: try Self.refuseRules(field.message())
      default: break
      }
    }
    guard pieces.contains(where: { $0.type == .unknown }) else {
      throw .badData(source, "is no SentencePiece model, or one without a piece for what is unknown")
    }
    var known: [[UInt8]: Int] = [:]
    for (id, piece) in pieces.enumerated() {
      guard !piece.text.isEmpty else { throw .badData(source, "piece \(id) is empty") }
      if let other = known.updateValue(id, forKey: [UInt8](piece.text.utf8)) {
        throw .badData(source, "pieces \(other) and \(id) are both '\(piece.text.prefix(40))'")
      }
    }
    for (name, text) in controls {
      if let id = known[[UInt8](text.utf8)], pieces[id].type == .control { controlIDs[name] = id }
    }
  }

  /// The id of the piece for what is unknown.
  var unknownID: Int? { pieces.firstIndex { $0.type == .unknown } }

  private static func piece(_ message: ProtobufMessage) throws(Failure) -> Piece {
    var piece = Piece()
    try message.forEachField { number, field throws(Failure) in
      switch number {
      case 1: piece.text = try field.string()
      case 2:
        piece.score = try field.float()
        guard piece.score.isFinite else {
          throw .badData(message.source, "the piece '\(piece.text.prefix(40))' has a score that is no number")
        }
      case 3:
        guard let type = PieceType(rawValue: try field.int()) else {
          throw .badData(
            message.source, "the piece '\(piece.text.prefix(40))' has a type that is not supported")
        }
        piece.type = type
      default: break
      }
    }
    return piece
  }

  private mutating func readTraining(
    _ message: ProtobufMessage, _ controls: inout [String: String]
  ) throws(Failure) {
    try message.forEachField { number, field throws(Failure) in
      switch number {
      case 3:
        switch try field.int() {
        case 1: kind = .unigram
        case 2: kind = .bpe
        case 3: throw .badData(message.source, "a SentencePiece model of the kind 'word' is not supported")
        case 4: throw .badData(message.source, "a SentencePiece model of the kind 'char' is not supported")
        case let other:
          throw .badData(message.source, "a SentencePiece model of the kind \(other) is not supported")
        }
      case 24: isSuffix = try field.bool()
      case 35: fallsBackToBytes = try field.bool()
      case 44: unknownSign = try field.string()
      case 46: controls["bos"] = try field.string()
      case 47: controls["eos"] = try field.string()
      case 48: controls["pad"] = try field.string()
      default: break
      }
    }
  }

  private mutating func readNormalizing(_ message: ProtobufMessage) throws(Failure) {
    try message.forEachField { number, field throws(Failure) in
      switch number {
      case 2: charactersMap = Array(try field.bytes())
      case 3: addsDummyPrefix = try field.bool()
      case 4: removesExtraSpaces = try field.bool()
      case 5: marksSpaces = try field.bool()
      default: break
      }
    }
  }

  private static func refuseRules(_ message: ProtobufMessage) throws(Failure) {
    try message.forEachField { number, field throws(Failure) in
      if number == 2, !(try field.bytes().isEmpty) {
        throw .badData(message.source, "rules for decoded text ('denormalizer_spec') are not supported")
      }
    }
  }
}
