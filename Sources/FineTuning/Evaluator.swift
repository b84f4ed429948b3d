// The loss over held-out rows, without a gradient and without dropout.

import Models
import SafeIO
import TensorCore

/// Measures the loss of weights under training.
struct Evaluator {
  let decoder: Decoder
  let trainee: any Trainee
  let configuration: TrainingConfiguration

  /// The mean over the learned tokens of the first batches, rows in order.
  func loss(_ data: Dataset) throws -> (loss: Double, tokens: Int) {
    trainee.prepare(for: nil)
    let limit =
      configuration.valBatches < 0 ? data.rows.count : configuration.valBatches * configuration.batchSize
    var (sum, weight, tokens) = (0.0, 0.0, 0)
    let rows = data.rows.prefix(limit)
    for start in stride(from: 0, to: rows.count, by: configuration.batchSize) {
      try Interruption.check()
      let batch = Array(rows[start..<min(start + configuration.batchSize, rows.count)])
      sum += withoutRecording { Double(Batch(batch).lossSum(decoder, checkpointing: false).item()) }
      weight += batch.reduce(0) { $0 + $1.weightSum }
      tokens += batch.reduce(0) { $0 + $1.trainedTokens }
    }
    return (sum / weight, tokens)
  }
}
