// The third step: the model turns one word into tokens of its vocabulary.

import SafeIO

/// A token and how many bytes of its word it covers.
struct ModelToken: Sendable, Equatable {
  var id: Int32
  var length: Int32
}

/// A model of tokenizer.json.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// Whether words may stand for their spelling in the byte alphabet; else it has to be written out.
  var readsByteAlphabet: Bool { get }

  /// Appends the tokens of one word to `tokens`.
  /// - Parameter inByteAlphabet: the word stands for its spelling in the byte alphabet.
  func tokenize(
    _ word: ArraySlice<UInt8>, inByteAlphabet: Bool, into tokens: inout [ModelToken],
    workspace: inout Workspace
  ) throws(Failure)
}

/// The models that tokenizer.json may name.
enum TokenModels {
  static var table: StepTable<any TokenModel> {
    StepTable(
      family: "model",
      makers: [
        "BPE": { fields throws(Failure) in try BPEModel(fields) }
      ])
  }
}

/// What an encoding uses while it runs: buffers, and the words seen before.
///
/// A tokenizer keeps them for the next text.
struct Workspace: Sendable {
  var cache = WordCache()
  var merging = MergeBuffers()
}
