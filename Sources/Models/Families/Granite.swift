// Granite 3 (IBM 2024; transformers, models/granite*/configuration_granite*.py): Llama with four factors, and with experts
// that lie in one tensor.

import SafeIO

extension Family {
  static let granite = Family("granite") { config throws(Failure) in
    var modules = try LlamaModules(granite: config)
    try modules.readBiases(config)
    return modules.spec
  }

  static let graniteExperts = Family("granitemoe") { config throws(Failure) in
    var modules = try LlamaModules(granite: config)
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    try modules.setGraniteExperts(config, width: modules.sizes.intermediate)
    return modules.spec
  }
}

extension LlamaModules {
  init(granite config: ModelConfig) throws(Failure) {
    try self.init(config)
    embeddingScale = try config.positive("embedding_multiplier", default: 1)
    residualScale = try config.positive("residual_multiplier", default: 1)
    scale = try config.positive("attention_multiplier", default: 1)
    logitScale = 1 / (try config.positive("logits_scaling", default: 1))
  }

  /// Gives every layer experts that lie in one tensor.
  mutating func setGraniteExperts(_ config: ModelConfig, width: Int) throws(Failure) {
    let (count, chosen) = try config.experts()
    var experts = Experts(count: count, chosen: chosen, width: width, isNormalized: true)
    names.feedForward = "block_sparse_moe"
    experts.router = "router.layer"
    experts.names = .fusedGated(gateAndUp: "input_linear", down: "output_linear")
    experts.stacking = Stacking(path: "", weight: ".weight")
    try setExperts(experts, config)
  }
}
