// A BPE model of SentencePiece has no merges but a score for every piece: whichever neighbours make the piece with the
// highest score are merged, from left to right where scores are equal (bpe_model.cc). As merges that is a pair for every
// way to split a piece, with the rank of its score.

import SafeIO

/// `scores` of a model, and `types` beside them: what tokenizer.json can't say of such a model.
struct PieceScores {
  private let fields: Fields
  private let vocabulary: Vocabulary
  private let scores: [Double]
  private let types: [PieceType]?

  init(_ fields: Fields, vocabulary: Vocabulary) throws(Failure) {
    self.fields = fields
    self.vocabulary = vocabulary
    let numbers = try fields.array("scores")
    scores = numbers.compactMap(\.doubleValue)
    guard scores.count == numbers.count, scores.count == vocabulary.tokens.count else {
      throw fields.complaint("scores", "must have a number for each of the \(vocabulary.tokens.count) tokens")
    }
    types = try PieceType.list(fields, count: scores.count)
  }

  /// The merges by their pairs, and where they never reach across.
  func merges() throws(Failure) -> (MergeTable, MergeBoundary?) {
    var boundary = MergeBoundary(vocabulary)
    var pairs: [(left: Int32, right: Int32, id: Int32)] = []
    try forEachPair { bytes, place, left, right, id in
      boundary?.note(left: bytes[..<place], right: bytes[place...])
      pairs.append((left, right, id))
    }
    let ranks = ranks()
    var table = MergeTable(capacity: pairs.count)
    for pair in pairs { table.insert(pair.left, pair.right, .init(rank: ranks[Int(pair.id)], id: pair.id)) }
    return (table, boundary)
  }

  /// The merges as tokenizer.json lists them; those of one piece in the order of their halves.
  func listedMerges() throws(Failure) -> JSON {
    var pairs: [(rank: UInt32, left: Int32, right: Int32)] = []
    let ranks = ranks()
    try forEachPair { _, _, left, right, id in pairs.append((ranks[Int(id)], left, right)) }
    pairs.sort { $0 < $1 }
    return .array(
      pairs.map { pair in
        [.string(vocabulary.tokens[Int(pair.left)] ?? ""), .string(vocabulary.tokens[Int(pair.right)] ?? "")]
      })
  }

  /// Calls `body` for every way in which a piece is made of two others: with its bytes, the place between the halves, and
  /// the three ids.
  private func forEachPair(
    _ body: (_ bytes: [UInt8], _ place: Int, _ left: Int32, _ right: Int32, _ id: Int32) -> Void
  ) throws(Failure) {
    for (id, token) in vocabulary.tokens.enumerated() {
      guard let token, isMade(id) else { continue }
      let bytes = [UInt8](token.utf8)
      guard bytes.count <= PieceTrie.maximumLength else {
        throw fields.complaint(
          "vocab",
          "the token with id \(id) has \(bytes.count) bytes, at most \(PieceTrie.maximumLength) are supported"
        )
      }
      for place in bytes.indices.dropFirst() where !UTF8Text.isContinuation(bytes[place]) {
        guard let left = vocabulary.id(of: bytes[..<place]), isMade(Int(left)),
          let right = vocabulary.id(of: bytes[place...]), isMade(Int(right))
        else { continue }
        body(bytes, place, left, right, Int32(id))
      }
    }
  }

  /// The pieces that the user defined, nil when there are none.
  func userDefined() throws(Failure) -> PieceTrie? {
    guard let types else { return nil }
    let pieces = types.indices.filter { types[$0] == .userDefined }.compactMap { id in
      vocabulary.tokens[id].map { (bytes: [UInt8]($0.utf8), id: Int32(id)) }
    }
    return pieces.isEmpty ? nil : try PieceTrie(pieces, source: fields.source)
  }

  /// Whether a piece is made by merging, or merged itself.
  private func isMade(_ id: Int) -> Bool { types.map { $0[id] == .normal || $0[id] == .userDefined } ?? true }

  /// The rank of each piece: equal scores share one.
  private func ranks() -> [UInt32] {
    var ranks = [UInt32](repeating: 0, count: scores.count)
    var rank: UInt32 = 0
    var last: Double?
    for id in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
      if let last, last != scores[id] { rank += 1 }
      last = scores[id]
      ranks[id] = rank
    }
    return ranks
  }
}
