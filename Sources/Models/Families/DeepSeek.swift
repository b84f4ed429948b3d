// DeepSeek 2 and 3 (DeepSeek-AI 2024, arXiv:2405.04434 and arXiv:2412.19437; transformers,
// models/deepseek_v*/configuration_deepseek_v*.py): latent attention, and experts with some for every row. The first
// layers have one feed-forward part each.

import SafeIO

extension Family {
  static let deepseek2 = Family("deepseek_v2") { config throws(Failure) in
    let defaults = DeepSeekDefaults(experts: 64, shared: 2, width: 1407, scale: 1, denseLayers: 0)
    var modules = try LlamaModules(deepseek: config)
    modules.rotaries = modules.rotaries.map { $0?.interleaved }
    var experts = try config.deepseekExperts(defaults)
    switch try config.optionalString("topk_method") ?? "greedy" {
    case "greedy": experts.routing.groups = nil
    case "group_limited_greedy": experts.routing.groups?.best = 1
    case let method:
      throw config.complaint(
        "topk_method", "'\(method)' is not supported; known: greedy, group_limited_greedy")
    }
    guard try config.optionalString("scoring_func") ?? "softmax" == "softmax" else {
      throw config.complaint("scoring_func", "is not 'softmax', which is all that deepseek_v2 has")
    }
    // transformers' routing does not read it, and published files have it off.
    config.ignore("norm_topk_prob")
    try modules.setDeepSeekExperts(experts, defaults, config)
    return modules.spec
  }

  static let deepseek3 = Family("deepseek_v3") { config throws(Failure) in
    let defaults = DeepSeekDefaults(experts: 256, shared: 1, width: 2048, scale: 2.5, denseLayers: 3)
    var modules = try LlamaModules(deepseek: config)
    if try config.bool("rope_interleave", default: true) {
      modules.rotaries = modules.rotaries.map { $0?.interleaved }
    }
    var experts = try config.deepseekExperts(defaults)
    for (key, value) in [("scoring_func", "sigmoid"), ("topk_method", "noaux_tc")] {
      guard try config.optionalString(key) ?? value == value else {
        throw config.complaint(key, "is not '\(value)', which is all that deepseek_v3 has")
      }
    }
    experts.routing.scores = .sigmoid
    experts.routing.isNormalized = try config.bool("norm_topk_prob", default: true)
    experts.routing.groups?.best = 2
    experts.correction = "gate.e_score_correction_bias"
    // Layers that predict further tokens stand behind the others, and nothing computes them.
    config.ignore("num_nextn_predict_layers", "num_mtp_layers")
    try modules.setDeepSeekExperts(experts, defaults, config)
    return modules.spec
  }
}

/// What a generation assumes where its file is silent.
private struct DeepSeekDefaults {
  let experts: Int
  /// Experts for every row, which are one of their joint width.
  let shared: Int
  let width: Int
  let scale: Double
  let denseLayers: Int
}

extension LlamaModules {
  fileprivate init(deepseek config: ModelConfig) throws(Failure) {
    let rotated = try config.count("qk_rope_head_dim", default: 64)
    let latent = Latent(
      queryWidth: config.has("q_lora_rank") ? try config.optionalCount("q_lora_rank") : 1536,
      keyValueWidth: try config.count("kv_lora_rank", default: 512),
      fixedSize: try config.count("qk_nope_head_dim", default: 128), rotatedSize: rotated,
      valueSize: try config.count("v_head_dim", default: 128))
    try self.init(config, Dialect(headSize: rotated, defaultActivation: "silu"))
    guard sizes.headSize == rotated else {
      throw config.complaint("head_dim", "is \(sizes.headSize), but qk_rope_head_dim is \(rotated)")
    }
    config.ignore("qk_head_dim")
    self.latent = latent
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    outputBias = queryKeyValueBias
    scale = try config.latentScale(headSize: latent.fixedSize + rotated)
  }

  /// Gives experts to all layers but the first ones.
  fileprivate mutating func setDeepSeekExperts(
    _ experts: Experts, _ defaults: DeepSeekDefaults, _ config: ModelConfig
  ) throws(Failure) {
    let dense = try config.int("first_k_dense_replace", default: defaults.denseLayers)
    guard try config.int("moe_layer_freq", default: 1) == 1 else {
      throw config.complaint("moe_layer_freq", "is not 1, which is all that is supported")
    }
    try setExperts(experts, in: Array(min(max(0, dense), sizes.layers)..<sizes.layers), config)
  }
}

extension ModelConfig {
  /// The experts of a layer, and how they are chosen.
  fileprivate func deepseekExperts(_ defaults: DeepSeekDefaults) throws(Failure) -> LlamaModules.Experts {
    let count = try optionalCount("n_routed_experts", atMost: 1 << 12) ?? defaults.experts
    let width = try self.count("moe_intermediate_size", default: defaults.width)
    var experts = LlamaModules.Experts(
      count: count, chosen: try optionalCount("num_experts_per_tok", atMost: count) ?? min(8, count),
      width: width, isNormalized: false)
    experts.routing.scale = try positive("routed_scaling_factor", default: defaults.scale)
    experts.shared = (
      "shared_experts",
      width * (try optionalCount("n_shared_experts", atMost: 1 << 12) ?? defaults.shared), false
    )
    if let groups = try optionalCount("n_group", atMost: count) {
      let chosen = try self.count("topk_group", atMost: groups)
      guard count % groups == 0 else {
        throw complaint("n_group", "is \(groups), which does not divide the \(count) experts")
      }
      guard experts.routing.chosen <= chosen * count / groups else {
        throw complaint(
          "num_experts_per_tok",
          "is \(experts.routing.chosen), but a row may choose from \(chosen * count / groups) experts")
      }
      if chosen < groups { experts.routing.groups = ExpertGroups(count: groups, chosen: chosen, best: 1) }
    }
    // About training, and about how work is divided.
    ignore("aux_loss_alpha", "seq_aux", "ep_size")
    return experts
  }

  /// What scores are multiplied by: what YaRN does to their size stands in the rotation's parameters.
  fileprivate func latentScale(headSize: Int) throws(Failure) -> Float {
    let scale = 1 / Float(headSize).squareRoot()
    let (older, newer) = (try object("rope_scaling"), try object("rope_parameters"))
    guard let parameters = older ?? newer, parameters.has("mscale_all_dim") else { return scale }
    let kind = try parameters.string("type", default: "default")
    guard try parameters.string("rope_type", default: kind) != "default" else { return scale }
    let all = Float(try parameters.double("mscale_all_dim", default: 0))
    guard all != 0 else { return scale }
    let magnitude = YarnRotaryScaling.magnitude(Float(try parameters.double("factor")), all)
    return scale * magnitude * magnitude
  }
}
