// Shapes of models that everybody knows, so that speed can be measured without their weights.

import SafeIO

/// The sizes of a Llama-like model, as config.json names them.
package struct ModelShape: Sendable, Equatable {
  package let name: String
  let hidden: Int
  let intermediate: Int
  let layers: Int
  let heads: Int
  let keyValueHeads: Int
  let headSize: Int
  let vocabulary: Int
  let isTied: Bool

  /// The table: SmolLM2-135M and -360M, Llama 3.2 1B and 3B, Llama 3.1 8B, and one that is only for trying things out.
  package static let all = [
    ModelShape("llama-tiny", 128, 256, layers: 2, heads: 4, 2, 32, vocabulary: 256, tied: true),
    ModelShape("llama-135m", 576, 1536, layers: 30, heads: 9, 3, 64, vocabulary: 49152, tied: true),
    ModelShape("llama-360m", 960, 2560, layers: 32, heads: 15, 5, 64, vocabulary: 49152, tied: true),
    ModelShape("llama-1b", 2048, 8192, layers: 16, heads: 32, 8, 64, vocabulary: 128256, tied: true),
    ModelShape("llama-3b", 3072, 8192, layers: 28, heads: 24, 8, 128, vocabulary: 128256, tied: true),
    ModelShape("llama-8b", 4096, 14336, layers: 32, heads: 32, 8, 128, vocabulary: 128256, tied: false),
  ]

  private init(
    _ name: String, _ hidden: Int, _ intermediate: Int, layers: Int, heads: Int, _ keyValueHeads: Int,
    _ headSize: Int, vocabulary: Int, tied: Bool
  ) {
    self.name = name
    self.hidden = hidden
    self.intermediate = intermediate
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.vocabulary = vocabulary
    isTied = tied
  }

  /// The shape of this name.
  ///
  /// - Throws: `Failure.usage` that names the known ones.
  package init(named name: String) throws(Failure) {
    guard let known = ModelShape.all.first(where: { $0.name == name }) else {
      throw .usage(
        "'\(name)' is no known shape\(Spelling.suggestion(for: name, among: ModelShape.all.map(\.name)))")
    }
    self = known
  }

  var isTiny: Bool { name == "llama-tiny" }

  /// The configuration of such a model.
  package func config(bits: Int, groupSize: Int) -> JSONObject {
    var config: JSONObject = [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": .integer(hidden),
      "intermediate_size": .integer(intermediate), "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads), "num_key_value_heads": .integer(keyValueHeads),
      "head_dim": .integer(headSize), "vocab_size": .integer(vocabulary), "max_position_embeddings": 131_072,
      "rms_norm_eps": 1e-5, "rope_theta": 500_000.0, "hidden_act": "silu",
      "tie_word_embeddings": .bool(isTied), "torch_dtype": "bfloat16",
    ]
    if bits < 16 { config["quantization"] = ["group_size": .integer(groupSize), "bits": .integer(bits)] }
    return config
  }
}
