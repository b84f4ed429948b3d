// GLM 4 (Zeng et al. 2024, arXiv:2406.12793; transformers, models/glm*/configuration_*.py): half of each head is rotated, in
// interleaved pairs; one layer for gate and up. The models of 2025 normalize each part after as well as before.

import SafeIO

extension Family {
  static let glm = Family("glm") { config throws(Failure) in try LlamaModules(glm: config).spec }

  static let glm4 = Family("glm4") { config throws(Failure) in
    var modules = try LlamaModules(glm: config)
    modules.blockNorms.attentionOutput = "post_self_attn_layernorm"
    modules.blockNorms.feedForwardOutput = "post_mlp_layernorm"
    return modules.spec
  }
}

extension LlamaModules {
  /// What both have.
  fileprivate init(glm config: ModelConfig) throws(Failure) {
    try self.init(config, Dialect(headSize: 128, defaultEpsilon: 1.5625e-7, rotaryFraction: 0.5))
    rotaries = rotaries.map { $0?.interleaved }
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    feedForwardNames = .fusedGated(gateAndUp: "gate_up_proj", down: "down_proj")
  }
}
