// Phi 3 and 4 mini (Abdin et al. 2024, arXiv:2404.14219; transformers, models/phi3/configuration_phi3.py): Llama with one
// layer for queries, keys and values, one for gate and up, and factors for each frequency in long contexts.

import SafeIO

extension Family {
  static let phi3 = Family("phi3") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultEpsilon: 1e-5, rotaryFraction: 1))
    modules.fusedProjection = ("qkv_proj", .kinds)
    modules.feedForwardNames = .fusedGated(gateAndUp: "gate_up_proj", down: "down_proj")
    let window = try config.window(default: nil)
    modules.windows = modules.windows.map { _ in window }
    return modules.spec
  }
}
