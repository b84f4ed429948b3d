// OLMo 1 to 3 (Groeneveld et al. 2024, arXiv:2402.00838; OLMo Team 2025, arXiv:2501.00656; transformers,
// models/olmo*/configuration_*.py). The first has layer norms without weights; the second normalizes what each part adds,
// and all heads together; the third has windows too, and stretches positions only where there is none.

import SafeIO

extension Family {
  static let olmo = Family("olmo") { config throws(Failure) in
    var modules = try LlamaModules(config)
    modules.norm.kind = .layer
    modules.norm.hasWeight = false
    modules.norm.epsilon = 1e-5
    modules.clip = try config.softcap("clip_qkv", default: nil)
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    return modules.spec
  }

  /// With experts: OLMoE, arXiv:2409.02060.
  static let olmoExperts = Family("olmoe") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultEpsilon: 1e-5))
    modules.headNorm = .together
    modules.clip = try config.softcap("clip_qkv", default: nil)
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    let (count, chosen) = try config.experts()
    let experts = LlamaModules.Experts(
      count: count, chosen: chosen, width: modules.sizes.intermediate,
      isNormalized: try config.bool("norm_topk_prob", default: false))
    try modules.setExperts(experts, config)
    return modules.spec
  }

  static let olmo2 = Family("olmo2") { config throws(Failure) in
    try LlamaModules(olmo2: config).spec
  }

  static let olmo3 = Family("olmo3") { config throws(Failure) in
    var modules = try LlamaModules(olmo2: config)
    modules.windows = try config.windows(layers: modules.sizes.layers, size: 4096) { ($0 + 1) % 4 != 0 }
    let local = try config.localRotary(
      headSize: modules.sizes.headSize, context: modules.sizes.context,
      base: modules.rotaries[0]?.base ?? 10_000)
    for (layer, window) in modules.windows.enumerated() where window != nil {
      modules.rotaries[layer] = local
    }
    return modules.spec
  }
}

extension LlamaModules {
  /// What the second and third generation have.
  fileprivate init(olmo2 config: ModelConfig) throws(Failure) {
    try self.init(config, Dialect(defaultEpsilon: 1e-5))
    blockNorms = .init(
      attention: nil, attentionOutput: "post_attention_layernorm", feedForward: nil,
      feedForwardOutput: "post_feedforward_layernorm")
    headNorm = .together
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    outputBias = queryKeyValueBias
  }
}
