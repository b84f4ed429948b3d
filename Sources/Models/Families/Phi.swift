// Phi 1 to 2 (Li et al. 2023, arXiv:2309.05463; transformers, models/phi/configuration_phi.py): attention and feed-forward
// read one layer norm, half of each head is rotated, biases everywhere, the head's included.

import SafeIO

extension Family {
  static let phi = Family("phi") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(
        epsilon: "layer_norm_eps", defaultEpsilon: 1e-5, defaultActivation: "gelu_new", rotaryFraction: 0.5))
    modules.names.attentionOutput = "dense"
    modules.names.finalNorm = "final_layernorm"
    modules.norm.kind = .layer
    modules.norm.hasBias = true
    modules.queryKeyValueBias = true
    modules.outputBias = true
    modules.feedForwardNames = .plain(up: "fc1", down: "fc2")
    modules.feedForwardBias = true
    modules.headBias = true
    modules.isParallel = true
    modules.blockNorms.feedForward = nil
    if try config.bool("qk_layernorm", default: false) {
      modules.headNorm = .each
      (modules.names.queryNorm, modules.names.keyNorm) = ("q_layernorm", "k_layernorm")
    }
    return modules.spec
  }
}
