// One optimizer step: the loss over its micro batches, the gradient, clipping, the update.

import Models
import SafeIO
import TensorCore

/// Computes optimizer steps.
package struct TrainingStep {
  package let decoder: Decoder
  package let trainee: any Trainee
  package let configuration: TrainingConfiguration

  package init(decoder: Decoder, trainee: any Trainee, configuration: TrainingConfiguration) {
    self.decoder = decoder
    self.trainee = trainee
    self.configuration = configuration
  }

  /// The loss of a step and its gradient, before clipping.
  package struct Slope {
    package var loss = 0.0
    /// One for each parameter, in the trainee's order.
    package var gradients: [Tensor] = []
  }

  /// What stopped being a number, and the rows that were at work.
  package struct Divergence: Error {
    package let what: String
    package let rows: [TrainingRow]
  }

  /// Runs the micro batches of step `step` forward and backward.
  ///
  /// - Throws: `Divergence` when a loss is not finite; `interrupted` between micro batches.
  package func slope(_ batches: [[TrainingRow]], step: Int) throws -> Slope {
    let parameters = trainee.parameters.map(\.value)
    let stepWeight = batches.joined().reduce(0) { $0 + $1.weightSum }
    var slope = Slope()
    for (index, rows) in batches.enumerated() {
      try Interruption.check()
      trainee.prepare(for: MicroBatchID(step: step, index: index))
      let divisor: Double
      switch configuration.lossNormalization {
      case .tokens: divisor = stepWeight
      case .microBatch: divisor = rows.reduce(0) { $0 + $1.weightSum } * Double(batches.count)
      }
      let sum = Batch(rows).lossSum(decoder, checkpointing: configuration.gradCheckpoint)
      let loss = Double(sum.item())
      guard loss.isFinite else {
        throw Divergence(what: "the loss is \(loss.isNaN ? "NaN" : "infinite")", rows: rows)
      }
      slope.loss += loss / divisor
      let found = sum.backward(seed: Tensor(Float(1 / divisor)))
      let new = parameters.map { found[$0] ?? .zeros($0.shape) }
      slope.gradients =
        index == 0 ? new : withoutRecording { zip(slope.gradients, new).map { $0 + $1 } }
    }
    return slope
  }

  /// Takes the step: changes the parameters.
  ///
  /// - Returns: the loss before the update, and the gradient's norm before clipping.
  /// - Throws: `Divergence`; the parameters are then still those before the step.
  package func take(
    _ batches: [[TrainingRow]], step: Int, optimizer: Optimizer, learningRate: Double
  ) throws -> (loss: Double, gradientNorm: Double) {
    let slope = try slope(batches, step: step)
    let norm = GradientNorm.norm(slope.gradients)
    guard norm.isFinite else {
      throw Divergence(what: "the gradient is not finite", rows: Array(batches.joined()))
    }
    optimizer.step(
      trainee.parameters.map(\.value), gradients: slope.gradients,
      gradientScale: GradientNorm.scale(norm: norm, limit: configuration.maxGradNorm),
      learningRate: learningRate)
    return (slope.loss, norm)
  }
}
