// Mixtral (Jiang et al. 2024, arXiv:2401.04088; transformers, models/mixtral/configuration_mixtral.py): Mistral with experts
// in the place of each feed-forward part.

import SafeIO

extension Family {
  static let mixtral = Family("mixtral") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultEpsilon: 1e-5, ropeBase: 1_000_000))
    let window = try config.window(default: nil)
    modules.windows = modules.windows.map { _ in window }
    let (count, chosen) = try config.experts()
    modules.names.feedForward = "block_sparse_moe"
    var experts = LlamaModules.Experts(
      count: count, chosen: chosen, width: modules.sizes.intermediate, isNormalized: true)
    experts.names = .gated(gate: "w1", up: "w3", down: "w2")
    try modules.setExperts(experts, config)
    return modules.spec
  }
}
