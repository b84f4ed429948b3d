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

  /// What the configurations of families differ in whose layers do not all attend; nil removes a key.
  static let mixers: [String: [String: JSON?]] = [
    "lfm2": ["full_attn_idxs": [1], "block_multiple_of": 4, "rms_norm_eps": .some(nil)],
    "mamba2": [
      "num_heads": 4, "head_dim": 4, "state_size": 4, "n_groups": 2, "num_attention_heads": .some(nil),
      "num_key_value_heads": .some(nil), "max_position_embeddings": .some(nil), "rms_norm_eps": .some(nil),
      "rope_theta": .some(nil),
    ],
    "qwen3_next": [
      "head_dim": 4, "partial_rotary_factor": 0.5, "full_attention_interval": 2, "num_experts": 2,
      "num_experts_per_tok": 2, "moe_intermediate_size": 4, "shared_expert_intermediate_size": 4,
      "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 4,
      "linear_value_head_dim": 2,
    ],
    "qwen3_5_text": [
      "head_dim": 4, "partial_rotary_factor": 0.5, "full_attention_interval": 2, "linear_num_key_heads": 2,
      "linear_num_value_heads": 2, "linear_key_head_dim": 4, "linear_value_head_dim": 4,
    ],
  ]

  /// A small configuration of one of them, or of another family.
  static func mixed(_ modelType: String, _ changes: [String: JSON?] = [:]) -> JSON {
    let own = mixers[modelType] ?? ["head_dim": 4]
    return config(modelType, own.merging(changes) { $1 })
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
      switch weight.role {
      case .norm, .perHead: return (name: weight.name, tensor: tensor)
      case .matrix, .filter, .bias: return (name: weight.name, tensor: tensor * 20)
      }
    }
    edit(&tensors)
    try SafetensorsWriter.write(
      path: "\(scratch.path)/model.safetensors", tensors: tensors, metadata: ["format": "pt"])
  }

  func decoder() throws -> Decoder { try Decoder(ModelDirectory(path: path)) }
}
