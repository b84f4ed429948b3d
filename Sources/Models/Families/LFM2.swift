// LFM2 (Liquid AI 2025, arXiv:2511.23404; transformers, models/lfm2*/configuration_lfm2*.py): short convolutions between
// gates, and a few layers that attend; the larger ones have experts behind the first layers.

import SafeIO

extension Family {
  static let lfm2 = Family("lfm2") { config throws(Failure) in
    var modules = try LlamaModules(lfm2: config)
    modules.sizes.intermediate = try config.adjusted(modules.sizes.intermediate)
    try config.check(modules.sizes)
    return modules.spec
  }

  static let lfm2Experts = Family("lfm2_moe") { config throws(Failure) in
    var modules = try LlamaModules(lfm2: config)
    let (count, chosen) = try config.experts()
    var experts = LlamaModules.Experts(
      count: count, chosen: chosen, width: try config.count("moe_intermediate_size"),
      isNormalized: try config.bool("norm_topk_prob", default: true))
    experts.names = modules.feedForwardNames
    experts.routing.scores = .sigmoid
    experts.routing.scale = try config.positive("routed_scaling_factor", default: 1)
    if try config.bool("use_expert_bias", default: true) { experts.correction = "expert_bias" }
    let dense = try config.int("num_dense_layers", default: 2)
    let layers = (0..<modules.sizes.layers).filter { $0 >= dense }
    try modules.setExperts(experts, in: layers, config)
    return modules.spec
  }
}

extension LlamaModules {
  fileprivate init(lfm2 config: ModelConfig) throws(Failure) {
    let older = config.value("block_ff_dim") != nil
    try self.init(
      config,
      .init(
        epsilon: "norm_eps", defaultEpsilon: 1e-5, defaultActivation: "silu", isTied: true,
        sizes: .init(intermediate: older ? "block_ff_dim" : "intermediate_size"), ropeBase: 1_000_000))
    isTied = try config.bool("tie_embedding", default: isTied)
    // What the published files repeat, and how the first training began.
    config.ignore(
      "block_dim", "block_mlp_init_scale", "block_norm_eps", "block_out_init_scale", "conv_dim",
      "conv_dim_out",
      "conv_use_xavier_init", "intermediate_size", "num_heads", "theta")
    names.attentionOutput = "out_proj"
    names.queryNorm = "q_layernorm"
    names.keyNorm = "k_layernorm"
    names.feedForward = "feed_forward"
    names.finalNorm = "embedding_norm"
    blockNorms = .init(attention: "operator_norm", feedForward: "ffn_norm")
    feedForwardNames = .gated(gate: "w1", up: "w3", down: "w2")
    headNorm = .each
    let attending = try config.integers("full_attn_idxs").map { Set($0) }
    let attends = try config.attendingLayers("layer_types", layers: sizes.layers, others: ["conv"]) {
      attending?.contains($0) ?? true
    }
    let hidden = sizes.hidden
    let taps = try config.taps("conv_L_cache", default: 3)
    let hasBias = try config.bool("conv_bias", default: false)
    for (layer, attends) in attends.enumerated() where !attends {
      mixers[layer] = { path in
        .shortConvolution(
          ShortConvolutionSpec(
            input: LinearSpec("\(path).conv.in_proj", from: hidden, to: 3 * hidden, bias: hasBias),
            convolution: ConvolutionSpec(
              path: "\(path).conv.conv", channels: hidden, taps: taps, hasBias: hasBias),
            output: LinearSpec("\(path).conv.out_proj", from: hidden, to: hidden, bias: hasBias)))
      }
    }
  }
}

extension ModelConfig {
  /// The inner width of feed-forward parts: two thirds of what the file says, times a factor, as a multiple.
  fileprivate func adjusted(_ intermediate: Int) throws(Failure) -> Int {
    let multiple = try count("block_multiple_of", default: 256)
    let factor = try positive("block_ffn_dim_multiplier", default: 1)
    guard try bool("block_auto_adjust_ff_dim", default: true) else { return intermediate }
    let inner = 2 * intermediate / 3
    // Null leaves out the factor and the multiple, in transformers.
    guard value("block_ffn_dim_multiplier") != nil || !has("block_ffn_dim_multiplier") else { return inner }
    let scaled = Double(factor) * Double(inner)
    guard 1...Double(1 << 24) ~= scaled else {
      throw complaint("block_ffn_dim_multiplier", "is \(factor), which makes an inner width of \(scaled)")
    }
    return (Int(scaled) + multiple - 1) / multiple * multiple
  }
}
