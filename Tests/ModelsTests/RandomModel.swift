// Models of a few hundred weights, made on the spot.

import Foundation
import Models
import SafeIO
import TensorCore
import TestSupport
import WeightFiles

/// A model folder with random weights.
struct RandomModel {
  let scratch: Scratch
  var path: String { scratch.path }

  /// A small configuration in the style before transformers 5; nil removes a key.
  static func config(_ modelType: String = "llama", _ changes: [String: JSON?] = [:]) -> JSON {
    var config: JSONObject = [
      "model_type": .string(modelType), "vocab_size": 11, "hidden_size": 8, "intermediate_size": 12,
      "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
      "max_position_embeddings": 32, "rms_norm_eps": 1e-5, "rope_theta": 100.0, "hidden_act": "silu",
      "tie_word_embeddings": false,
    ]
    for (key, value) in changes { config[key] = value }
    return .object(config)
  }

  /// Writes configuration and random weights.
  ///
  /// - Parameter edit: changes the weights before they are written.
  init(
    _ config: JSON = config(), seed: Int = 1,
    edit: (inout [(name: String, tensor: Tensor)]) -> Void = { _ in }
  ) throws {
    scratch = try Scratch()
    try scratch.write(config.text(), "config.json")
    let spec = try Families.spec(config: config, source: "config.json")
    // Larger than for training, so that every weight matters to the output.
    var tensors = spec.parameters.map { weight in
      let tensor = weight.initialValues(seed: seed)
      if case .norm = weight.role { return (name: weight.name, tensor: tensor) }
      return (name: weight.name, tensor: tensor * 20)
    }
    edit(&tensors)
    try SafetensorsWriter.write(
      path: "\(scratch.path)/model.safetensors", tensors: tensors, metadata: ["format": "pt"])
  }

  func decoder() throws -> Decoder { try Decoder(ModelDirectory(path: path)) }
}
