// The third step: the model turns one word into tokens of its vocabulary.

import SafeIO

/// A token and how many bytes of its word it covers.
struct ModelToken: Sendable, Equatable {
  var id: Int32
  /// How many bytes further the next token starts.
  var length: Int32
  /// How many bytes it stands for; more than `length` where several tokens stand for the same bytes.
  var extent: Int32

  init(id: Int32, length: Int32, extent: Int32? = nil) {
    self.id = id
    self.length = length
    self.extent = extent ?? length
  }
}

/// A model of tokenizer.json.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// Whether words may stand for their spelling in the byte alphabet; else it has to be written out.
  var readsByteAlphabet: Bool { get }
  /// The id whose tokens are shown as the text they stand for, nil when all are shown as in the vocabulary.
  var textID: Int32? { get }

  /// Appends the tokens of one word to `tokens`.
  /// - Parameter inByteAlphabet: the word stands for its spelling in the byte alphabet.
  func tokenize(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure)
}

extension TokenModel {
  var textID: Int32? { nil }
}

/// The models that tokenizer.json may name.
enum TokenModels {
  static var table: StepTable<any TokenModel> {
    StepTable(
      family: "model",
      makers: [
        "BPE": { fields throws(Failure) in try BPEModel(fields) },
        "Unigram": { fields throws(Failure) in try UnigramModel(fields) },
        "WordPiece": { fields throws(Failure) in try WordPieceModel(fields) },
        "WordLevel": { fields throws(Failure) in try WordLevelModel(fields) },
      ])
  }
}

/// What an encoding uses while it runs: buffers, and the words seen before.
///
/// A tokenizer keeps them for the next text.
struct Workspace: Sendable {
  private var cache = WordCache()
  var merging = MergeBuffers()
  var lattice = Lattice()

  /// Appends the tokens of a word that was seen before; false for any other.
  func recall(_ word: ArraySlice<UInt8>, into tokens: inout [ModelToken]) -> Bool {
    word.count <= WordCache.maximumLength
      && word.withUnsafeBufferPointer { cache.lookUp($0, into: &tokens) }
  }

  /// Keeps the tokens of a word that `recall` did not know.
  mutating func keep(_ word: ArraySlice<UInt8>, _ tokens: ArraySlice<ModelToken>) {
    if word.count > WordCache.maximumLength { return }
    word.withUnsafeBufferPointer { cache.insert($0, tokens: tokens) }
  }
}
