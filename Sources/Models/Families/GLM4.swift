// GLM 4 (Zeng et al. 2024, arXiv:2406.12793; transformers, models/glm4/configuration_glm4.py): half of each head is rotated,
// in interleaved pairs; each part is normalized before and after; one layer for gate and up.

import SafeIO

extension Family {
  static let glm4 = Family("glm4") { config throws(Failure) in
    var modules = try LlamaModules(
      config, .init(headSize: 128, defaultEpsilon: 1.5625e-7, rotaryFraction: 0.5))
    modules.rotaries = modules.rotaries.map { $0?.interleaved }
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.feedForwardNames = .fusedGated(gateAndUp: "gate_up_proj", down: "down_proj")
    modules.blockNorms = .init(
      attention: "input_layernorm", attentionOutput: "post_self_attn_layernorm",
      feedForward: "post_attention_layernorm", feedForwardOutput: "post_mlp_layernorm")
    return modules.spec
  }
}
