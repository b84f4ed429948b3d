// Nemotron 4 and Minitron (Parmar et al. 2024, arXiv:2402.16819; transformers, models/nemotron/configuration_nemotron.py):
// layer norms stored less 1, half of each head rotated, squared ReLU without gate.

import SafeIO

extension Family {
  static let nemotron = Family("nemotron") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(epsilon: "norm_eps", defaultEpsilon: 1e-5, defaultActivation: "relu2", rotaryFraction: 0.5))
    modules.norm.kind = .layer
    modules.norm.isUnitOffset = true
    modules.norm.hasBias = true
    try modules.readBiases(config)
    modules.feedForwardNames = .plain(up: "up_proj", down: "down_proj")
    return modules.spec
  }
}
