// What surrounds the weights of a model that is written from another one: the files' metadata, the index, config.json
// and the companion files. Converting, quantizing, merging and full fine-tuning differ in the weights alone.

import SafeIO
import TensorCore
import WeightFiles

/// A model folder made from another one.
package struct RewrittenModel {
  /// What becomes of the quantization of the model.
  package enum Quantization {
    case kept
    /// Quantized matrices become floats.
    case removed
    case set(QuantizationTable)
  }

  private let model: ModelDirectory
  private let dtype: DType?
  private let quantization: Quantization

  /// - Parameter dtype: the type of all floats; nil keeps each one's own.
  package init(_ model: ModelDirectory, dtype: DType?, quantization: Quantization) {
    self.model = model
    self.dtype = dtype
    self.quantization = quantization
  }

  /// The writer of its weights, in a staging folder: only making that durable waits for the device.
  ///
  /// - Parameters:
  ///   - maximumShardBytes: the most tensor bytes in one file; a larger tensor has a file of its own.
  ///   - follower: who reads the files while they are written.
  package func writer(
    in directory: String, entries: [TensorEntry], format: WrittenFormat = .safetensors,
    maximumShardBytes: Int = ModelWriter.usualShardBytes,
    follower: (any FileFollower)?
  ) -> ModelWriter {
    ModelWriter(
      directory: directory, entries: entries, format: format, totalParameters: model.spec.parameterCount,
      metadata: metadata, index: isQuantized ? .always : .whenSharded,
      maximumShardBytes: maximumShardBytes, durably: false, follower: follower)
  }

  /// Ends the weights, and writes the configuration and the files that every model takes along.
  /// - Throws: `Failure.io`.
  package func finish(_ writer: ModelWriter, in directory: String) throws(Failure) {
    try writer.finish()
    try Files.writeAtomically(config, to: "\(directory)/config.json")
    try CompanionFiles.copy(from: model.path, to: directory)
  }

  /// Whether the result is quantized: then it is written in the manner of mlx-lm, otherwise of transformers.
  private var isQuantized: Bool {
    switch quantization {
    case .kept: model.isQuantized
    case .removed: false
    case .set: true
    }
  }

  private var metadata: WeightMetadata {
    var metadata = model.weights.metadata
    switch quantization {
    case .kept: if metadata.isEmpty { metadata["format"] = "pt" }
    case .removed: metadata["format"] = "pt"
    case .set: metadata["format"] = "mlx"
    }
    return metadata
  }

  private var config: String {
    guard var object = model.config.objectValue else {
      preconditionFailure("a specification was read from it")
    }
    object.addOlderRotaryKeys()
    if let dtype { object.setWeightType(dtype) }
    switch quantization {
    case .kept: break
    case .removed: object.setQuantization(nil)
    case .set(let table): object.setQuantization(table)
    }
    return isQuantized ? object.mlxText(generationConfig: model.generationConfig) : object.configText
  }
}
