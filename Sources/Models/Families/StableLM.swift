// StableLM 2 (Bellagente et al. 2024, arXiv:2402.17834; transformers, models/stablelm/configuration_stablelm.py): layer
// norms, a quarter of each head rotated.

import SafeIO

extension Family {
  static let stablelm = Family("stablelm") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(epsilon: "layer_norm_eps", defaultEpsilon: 1e-5, defaultActivation: "silu", rotaryFraction: 0.25))
    modules.norm.kind = .layer
    modules.norm.hasBias = true
    modules.queryKeyValueBias = try config.bool("use_qkv_bias", default: false)
    modules.isParallel = try config.bool("use_parallel_residual", default: false)
    if modules.isParallel { modules.blockNorms.feedForward = nil }
    if try config.bool("qk_layernorm", default: false) {
      modules.headNorm = .own(.apart)
      (modules.names.queryNorm, modules.names.keyNorm) = ("q_layernorm", "k_layernorm")
    }
    return modules.spec
  }
}
