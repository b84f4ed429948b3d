// Qwen 2 and 3 with experts (Yang et al. 2024, arXiv:2407.10671; Yang et al. 2025, arXiv:2505.09388; transformers,
// models/qwen*_moe/configuration_*.py). Some layers may keep their feed-forward part; the older has an expert for all rows.

import SafeIO

extension Family {
  static let qwen2Experts = Family("qwen2_moe") { config throws(Failure) in
    var modules = try LlamaModules(config)
    modules.queryKeyValueBias = try config.bool("qkv_bias", default: true)
    modules.windows = try config.layerWindows(layers: modules.sizes.layers)
    let shared = try config.count("shared_expert_intermediate_size", default: 5632)
    try modules.readQwenExperts(config, isNormalized: false, sharedWidth: shared)
    return modules.spec
  }

  static let qwen3Experts = Family("qwen3_moe") { config throws(Failure) in
    var modules = try LlamaModules(config)
    modules.headNorm = .each
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    modules.windows = try config.layerWindows(layers: modules.sizes.layers)
    try modules.readQwenExperts(config, isNormalized: false, sharedWidth: nil)
    return modules.spec
  }
}

extension LlamaModules {
  /// Reads the experts and which layers have them: every `decoder_sparse_step`th but those of `mlp_only_layers`.
  mutating func readQwenExperts(_ config: ModelConfig, isNormalized: Bool, sharedWidth: Int?)
    throws(Failure)
  {
    let (count, chosen) = try config.experts()
    let step = try config.count("decoder_sparse_step", default: 1)
    let dense = Set(try config.integers("mlp_only_layers") ?? [])
    var experts = Experts(
      count: count, chosen: chosen, width: try config.count("moe_intermediate_size"),
      isNormalized: try config.bool("norm_topk_prob", default: isNormalized))
    experts.shared = sharedWidth.map { ("shared_expert", $0, true) }
    let layers = (0..<sizes.layers).filter { !dense.contains($0) && ($0 + 1) % step == 0 }
    try setExperts(experts, in: layers, config)
  }
}
