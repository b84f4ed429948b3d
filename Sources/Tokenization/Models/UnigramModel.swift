// The unigram language model (Kudo 2018, arXiv 1804.10959): of all ways to split a word into tokens the one whose scores,
// logarithms of probabilities, have the largest sum. Behaviour of the `tokenizers` library (models/unigram/model.rs);
// with the types of SentencePiece's pieces, that of SentencePiece (unigram_model.cc), which differs in what it adds up
// in 32 bits and in pieces that the user defined.
//
// Unsafe memory: the word is read through a pointer, within its bounds.

import SafeIO

/// `Unigram`.
struct UnigramModel: TokenModel {
  let vocabulary: Vocabulary
  let readsByteAlphabet = false
  private let trie: PieceTrie
  private let scores: [Double]
  private let unknownID: Int32?
  private let unknownScore: Double
  private let fallback: ByteFallback.Tokens?
  /// Sums are rounded to 32 bits, and begin anew where they got too large for that.
  private let isSinglePrecision: Bool
  private static let largestSum = 100_000.0

  /// An unknown token shows what it stands for.
  var textID: Int32? { unknownID }

  init(_ fields: Fields) throws(Failure) {
    let entries = try fields.array("vocab")
    var tokens: [String] = []
    var scores: [Double] = []
    tokens.reserveCapacity(entries.count)
    scores.reserveCapacity(entries.count)
    for (position, entry) in entries.enumerated() {
      guard let pair = entry.arrayValue, pair.count == 2, let token = pair[0].stringValue,
        let score = pair[1].doubleValue
      else {
        throw fields.complaint(
          "vocab", "entry \(position) is no pair of a token and a score: \(entry.text().prefix(60))")
      }
      tokens.append(token)
      scores.append(score)
    }
    vocabulary = Vocabulary(tokens)
    unknownID = try Self.unknownID(fields, count: tokens.count)
    let types = try PieceType.list(fields, count: tokens.count)
    isSinglePrecision = types != nil
    let ordinary =
      types.map { types in scores.indices.filter { types[$0] == .normal } } ?? Array(scores.indices)
    let worst = (ordinary.map { scores[$0] }.min() ?? 0) - 10
    unknownScore = isSinglePrecision ? Double(Float(worst)) : worst
    if let types {
      // What the user defined wins over any other way to split it.
      for index in types.indices where types[index] == .userDefined {
        scores[index] = Double(0.1 * Float(tokens[index].utf8.count - 1))
      }
    }
    self.scores = scores
    trie = try PieceTrie(
      tokens.indices.filter { index in
        guard let type = types?[index] else { return !tokens[index].isEmpty }
        return !tokens[index].isEmpty && (type == .normal || type == .userDefined)
      }.map { ([UInt8](tokens[$0].utf8), Int32($0)) },
      source: fields.source)
    fallback = try fields.bool("byte_fallback", default: false) ? ByteFallback.Tokens(vocabulary) : nil
  }

  private static func unknownID(_ fields: Fields, count: Int) throws(Failure) -> Int32? {
    guard let id = try fields.optionalInt("unk_id") else { return nil }
    guard id >= 0, id < count else {
      throw fields.complaint("unk_id", "\(id) is no id of the vocabulary, which has \(count) tokens")
    }
    return Int32(id)
  }

  func tokenize(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure) {
    if workspace.recall(word, into: &tokens) { return }
    let start = tokens.count
    let isKnown = word.withUnsafeBufferPointer { split($0, &workspace.lattice) }
    guard isKnown else {
      throw .badData(
        "tokenizer.json", "the text has a character that the vocabulary lacks, and there is no unknown token")
    }
    appendTokens(word, workspace.lattice, to: &tokens)
    workspace.keep(word, tokens[start...])
  }

  /// Finds the best way to every end of a token; false when an unknown token was needed and there is none.
  private func split(_ word: UnsafeBufferPointer<UInt8>, _ lattice: inout Lattice) -> Bool {
    lattice.start(count: word.count)
    return lattice.withEnds { ends in
      var start = 0
      var frontier = 0
      while start < word.count {
        var before = ends[start].score
        if isSinglePrecision && abs(before) > Self.largestSum {
          for end in start...frontier where end == start || ends[end].start >= 0 {
            ends[end].score = rounded(ends[end].score - before)
          }
          before = 0
        }
        let single = start + UTF8Text.length(ofLead: word[start])
        var hasSingle = false
        func offer(_ end: Int, _ id: Int32, _ score: Double) {
          if ends[end].start >= 0 && score <= ends[end].score { return }
          ends[end] = .init(score: score, start: Int32(truncatingIfNeeded: start), id: id)
        }
        trie.forEachMatch(in: word, at: start) { end, id in
          frontier = max(frontier, end)
          offer(end, id, rounded(scores[Int(id)] + before))
          if end == single { hasSingle = true }
        }
        if !hasSingle {
          guard let unknownID else { return false }
          frontier = max(frontier, single)
          offer(single, unknownID, rounded(unknownScore + before))
        }
        start = single
      }
      return true
    }
  }

  @inline(__always)
  private func rounded(_ score: Double) -> Double { isSinglePrecision ? Double(Float(score)) : score }

  /// Walks the best way back from the end of the word; unknown tokens side by side are one.
  private func appendTokens(_ word: ArraySlice<UInt8>, _ lattice: Lattice, to tokens: inout [ModelToken]) {
    let first = tokens.count
    var unknown = 0
    func end(atOffset offset: Int) {
      if unknown == 0 { return }
      let range = word.startIndex + offset..<word.startIndex + offset + unknown
      appendUnknown(word[range], to: &tokens)
      unknown = 0
    }
    var position = word.count
    while position > 0 {
      let node = lattice[position]
      let length = position - Int(node.start)
      if node.id == unknownID {
        unknown += length
      } else {
        end(atOffset: position)
        tokens.append(ModelToken(id: node.id, length: Int32(length)))
      }
      position = Int(node.start)
    }
    end(atOffset: 0)
    tokens[first...].reverse()
  }

  /// Appends the tokens of a run of unknown characters, the last one first.
  private func appendUnknown(_ text: ArraySlice<UInt8>, to tokens: inout [ModelToken]) {
    let length = Int32(text.count)
    if !isSinglePrecision, let id = vocabulary.id(of: text) {
      tokens.append(ModelToken(id: id, length: length))
    } else if let ids = fallback?.ids(of: text) {
      // Each stands for the whole run.
      for (index, id) in ids.enumerated().reversed() {
        tokens.append(ModelToken(id: id, length: index == ids.count - 1 ? length : 0, extent: length))
      }
    } else if let unknownID {
      tokens.append(ModelToken(id: unknownID, length: length))
    }
  }
}

/// The best ways to the places of a word, kept between words.
struct Lattice: Sendable {
  struct End {
    var score = 0.0
    /// Where the last token of the best way starts; -1 where no token ends.
    var start: Int32 = -1
    var id: Int32 = -1
  }

  private var ends: [End] = []

  subscript(position: Int) -> End { ends[position] }

  mutating func start(count: Int) {
    ends.removeAll(keepingCapacity: count < 1 << 16)
    ends.append(contentsOf: repeatElement(End(), count: count + 1))
  }

  @inline(__always)
  mutating func withEnds<Result>(_ body: (UnsafeMutableBufferPointer<End>) -> Result) -> Result {
    ends.withUnsafeMutableBufferPointer { body($0) }
  }
}
