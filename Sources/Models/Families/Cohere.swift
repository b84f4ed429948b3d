// Command R and A (Cohere 2024 and 2025, arXiv:2504.00698; transformers, models/cohere*/configuration_*.py): attention and
// feed-forward read one layer norm without bias, pairs are interleaved, logits are scaled. In the second generation
// every fourth layer sees everything and knows no positions, the others see a window.

import SafeIO

extension Family {
  static let cohere = Family("cohere") { config throws(Failure) in
    try LlamaModules(cohere: config).spec
  }

  static let cohere2 = Family("cohere2") { config throws(Failure) in
    var modules = try LlamaModules(cohere: config)
    // What these say is how Command R7B and A always are.
    config.ignore(
      "layer_switch", "order_of_interleaved_layers", "position_embedding_type", "rotary_pct",
      "use_embedding_sharing", "use_gated_activation", "use_parallel_block", "use_parallel_embedding")
    let older = try config.optionalCount("sliding_window_pattern")
    let pattern = try config.optionalCount("_sliding_window_pattern") ?? older ?? 4
    modules.windows = try config.windows(layers: modules.sizes.layers, size: 4096) {
      ($0 + 1) % pattern != 0
    }
    for (layer, window) in modules.windows.enumerated() where window == nil { modules.rotaries[layer] = nil }
    return modules.spec
  }
}

extension LlamaModules {
  /// What both generations have.
  fileprivate init(cohere config: ModelConfig) throws(Failure) {
    try self.init(
      config,
      Dialect(epsilon: "layer_norm_eps", defaultEpsilon: 1e-5, defaultActivation: "silu", isTied: true))
    norm.kind = .layer
    rotaries = rotaries.map { $0?.interleaved }
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    outputBias = queryKeyValueBias
    isParallel = true
    blockNorms.feedForward = nil
    logitScale = try config.positive("logit_scale", default: 0.0625)
    if try config.bool("use_qk_norm", default: false) { headNorm = .own(.together) }
  }
}
