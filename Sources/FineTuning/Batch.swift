// Rows side by side: one long sequence in which only attention knows where a document ends.

import Models
import TensorCore

/// The rows of a micro batch as the decoder reads them.
struct Batch {
  private let tokens: TokenRows
  private let labels: [Int32]
  /// nil when all are 1.
  private let weights: [Float]?

  init(_ rows: [TrainingRow]) {
    tokens = TokenRows(documents: rows.map(\.inputs))
    labels = rows.flatMap(\.targets)
    weights =
      rows.contains { $0.weights != nil }
      ? rows.flatMap { $0.weights ?? [Float](repeating: 1, count: $0.inputs.count) } : nil
  }

  /// The weighted sum of the negative log-likelihoods of all targets, a scalar.
  func lossSum(_ decoder: Decoder, checkpointing: Bool) -> Tensor {
    let hidden = decoder.forward(tokens, checkpointing: checkpointing)
    return decoder.lossSum(hidden, labels: labels, weights: weights)
  }
}
