// All weights of a model under training, as f32 copies; the result is a model folder like the one it came from.

import Models
import SafeIO
import TensorCore

/// The weights of a whole model, or of its last blocks.
package final class FullTrainee: Trainee {
  package let decoder: Decoder
  package let parameters: [(name: String, value: Tensor)]
  private let model: ModelDirectory
  private let dtype: DType?

  /// Makes the weights trainable; with `numLayers` those of the last so many blocks alone, as mlx-lm does.
  ///
  /// - Throws: `Failure.usage` for a quantized model, or more blocks than there are.
  package init(_ model: ModelDirectory, _ configuration: TrainingConfiguration) throws(Failure) {
    guard !model.isQuantized else {
      throw .usage(
        "\(model.path) is quantized; full fine-tuning needs its weights as floats: mlt convert --dequantize makes them"
      )
    }
    let blocks = model.spec.blocks.count
    let count = configuration.numLayers ?? -1
    guard count <= blocks else {
      throw .usage("num_layers is \(count), the model has \(blocks) blocks")
    }
    let decoder = try Decoder(model, arithmetic: configuration.arithmetic)
    let chosen = decoder.weights.filter { weight in
      count == -1 || (BlockPath(weight.name).map { $0.block >= blocks - count } ?? false)
    }
    parameters = chosen.map { (name: $0.name, value: $0.train()) }
    self.decoder = decoder
    self.model = model
    dtype = configuration.dtype
  }

  package func prepare(for batch: MicroBatchID?) {}

  /// Nothing: the state of the run has every weight already.
  package func writeSnapshot(into directory: String) throws {}

  package func writeResult(into directory: String) throws {
    let trained = Dictionary(parameters.map { ($0.name, $0.value) }) { first, _ in first }
    try ModelFiles(model, dtype: dtype, dequantizing: false).write(into: directory) { stored in
      trained[stored.parameter.name].map { [$0.detached()] }
    }
  }
}
