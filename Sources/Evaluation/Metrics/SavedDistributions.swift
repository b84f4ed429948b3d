// Logits kept in a file, so that a model is compared with one that is not at hand: safetensors with `logits`, f32
// [scored tokens, vocabulary], and `targets`, i32 [scored tokens], by which a reader knows that it reads the same text
// in the same windows.

import SafeIO
import TensorCore
import WeightFiles

/// Reads the logits of a file.
package final class SavedDistributions: DistributionSource {
  package let name: String
  package let vocabularySize: Int
  private let logits: Tensor
  private let targets: [Int]
  private var next = 0

  /// Opens a file that `SavedDistributionsWriter` wrote.
  ///
  /// - Parameter plan: the windows that will be asked for.
  /// - Throws: `Failure.badData` when the file does not fit them.
  package init(path: String, plan: ScoringPlan) throws(Failure) {
    let file = try SafetensorsFile(path: path)
    let logits = try file.tensor("logits")
    let targets = try file.tensor("targets")
    guard logits.dtype == .f32, logits.rank == 2, targets.dtype == .i32, targets.shape == [logits.shape[0]]
    else {
      throw .badData(
        path, "holds no saved logits: expected logits F32 [tokens, vocabulary] and targets I32 [tokens]")
    }
    guard targets.count == plan.scoredTokens else {
      throw .badData(
        path,
        "holds \(targets.count) tokens, but \(plan.scoredTokens) are scored here; use the text, context and stride it "
          + "was made with")
    }
    name = path
    vocabularySize = logits.shape[1]
    self.logits = logits
    self.targets = targets.integers()
  }

  package func begin(_ window: ScoringWindow) throws(Failure) {
    let expected = window.ids[window.scored].map(Int.init)
    guard targets[next..<next + expected.count].elementsEqual(expected) else {
      throw .badData(name, "was made of another text, or with other windows")
    }
  }

  package func logits(_ positions: Range<Int>) -> Tensor {
    defer { next += positions.count }
    return logits.slice(axis: 0, start: next, end: next + positions.count)
  }
}

/// Writes logits as they are computed.
package final class SavedDistributionsWriter {
  private let writer: SafetensorsWriter

  /// Starts a file for all scored tokens of a plan; it appears with `finish`.
  package init(path: String, plan: ScoringPlan, vocabularySize: Int) throws(Failure) {
    let count = plan.scoredTokens
    writer = try SafetensorsWriter(
      path: path,
      entries: [
        TensorEntry(name: "logits", dtype: .f32, shape: [count, vocabularySize]),
        TensorEntry(name: "targets", dtype: .i32, shape: [count]),
      ])
    let targets = plan.windows.flatMap { $0.ids[$0.scored] }
    try writer.append("targets", tensor: Tensor(targets, shape: [count]))
  }

  /// Writes the logits of the next scored tokens.
  func append(_ logits: Tensor) throws(Failure) {
    defer { withExtendedLifetime(logits) {} }
    try writer.append("logits", bytes: logits.withBytes { $0 })
  }

  func finish() throws(Failure) { try writer.finish() }
}
