// Granite 4 and Bamba (IBM 2025; transformers, models/granitemoehybrid/configuration_granitemoehybrid.py and
// models/bamba/configuration_bamba.py): Mamba-2's state spaces, and a few layers that attend, the former without positions.

import SafeIO

extension Family {
  static let graniteHybrid = Family("granitemoehybrid") { config throws(Failure) in
    var modules = try LlamaModules(granite: config)
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    guard try config.optionalString("normalization_function") ?? "rmsnorm" == "rmsnorm" else {
      throw config.complaint(
        "normalization_function", "is not 'rmsnorm', which is all that granitemoehybrid has")
    }
    switch try config.optionalString("position_embedding_type") ?? "none" {
    case "rope": break
    case "none", "nope": modules.rotaries = modules.rotaries.map { _ in nil }
    case let kind:
      throw config.complaint("position_embedding_type", "'\(kind)' is not supported; known: rope, nope")
    }
    let attends = try config.attendingLayers(
      "layer_types", "layers_block_type", layers: modules.sizes.layers, others: ["linear_attention", "mamba"]
    ) { _ in false }
    try modules.setStateSpaces(config, where: attends)
    modules.names.feedForward = "shared_mlp"
    modules.feedForwardNames = .fusedGated(gateAndUp: "input_linear", down: "output_linear")
    let expertWidth = modules.sizes.intermediate
    modules.sizes.intermediate = try config.count("shared_intermediate_size", default: 1024)
    try config.check(modules.sizes)
    let shared = modules.spec
    guard config.value("num_local_experts") != 0 else {
      config.ignore("num_experts_per_tok", "num_local_experts")
      return shared
    }
    try modules.setGraniteExperts(config, width: expertWidth)
    var spec = modules.spec
    for layer in spec.blocks.indices {
      guard case .experts(var experts) = spec.blocks[layer].feedForward else { continue }
      experts.shared = shared.blocks[layer].feedForward
      spec.blocks[layer].feedForward = .experts(experts)
    }
    return spec
  }

  static let bamba = Family("bamba") { config throws(Failure) in
    var modules = try LlamaModules(
      config, .init(defaultEpsilon: 1e-5, defaultActivation: "silu", rotaryFraction: 0.5))
    try modules.readBiases(config)
    // Half of each head, as transformers has it whatever the file says.
    config.ignore("attn_rotary_emb")
    let attending = Set(try config.integers("attn_layer_indices") ?? [])
    try modules.setStateSpaces(config, where: (0..<modules.sizes.layers).map { attending.contains($0) })
    modules.names.feedForward = "feed_forward"
    modules.names.finalNorm = "final_layernorm"
    modules.blockNorms.feedForward = "pre_ff_layernorm"
    return modules.spec
  }
}

extension LlamaModules {
  /// Gives state spaces to the layers that don't attend.
  fileprivate mutating func setStateSpaces(_ config: ModelConfig, where attends: [Bool]) throws(Failure) {
    let (hidden, epsilon) = (sizes.hidden, norm.epsilon)
    let spaces = try MambaModules(config, hidden: hidden, .hybrid)
    guard Double(sizes.layers) * spaces.weights(hidden: hidden) <= Sizes.mostWeights else {
      throw config.complaint(
        "mamba_d_state", "makes a model of more than 2^48 weights; one of the sizes is wrong")
    }
    config.ignore("mamba_chunk_size")
    for (layer, attends) in attends.enumerated() where !attends {
      mixers[layer] = { .stateSpace(spaces.spec("\($0).mamba", hidden: hidden, epsilon: epsilon)) }
    }
  }
}
