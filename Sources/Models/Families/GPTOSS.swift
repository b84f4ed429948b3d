// gpt-oss (OpenAI 2025, arXiv:2508.10925; transformers, models/gpt_oss/configuration_gpt_oss.py): experts with biases and a
// clamped unit, a sink for each head, windows in turn. Files hold a layer's experts in one tensor, gate and up in turn.

import SafeIO

extension Family {
  static let gptOSS = Family("gpt_oss") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(
        headSize: 64, defaultEpsilon: 1e-5, defaultActivation: "silu", ropeBase: 150_000,
        ropeScaling: [
          "rope_type": "yarn", "factor": 32, "beta_fast": 32, "beta_slow": 1, "truncate": false,
          "original_max_position_embeddings": 4096,
        ]))
    modules.queryKeyValueBias = try config.bool("attention_bias", default: true)
    modules.outputBias = modules.queryKeyValueBias
    modules.windows = try config.windows(layers: modules.sizes.layers, size: 128) { $0 % 2 == 0 }
    modules.sinks = "sinks"
    // 4 stands in `experts_per_token` of the first published files too, with the same meaning.
    config.ignore("experts_per_token", "initial_context_length")
    let (count, chosen) = try config.experts()
    var experts = LlamaModules.Experts(
      count: count, chosen: chosen, width: modules.sizes.intermediate, isNormalized: true)
    (experts.router, experts.routerBias) = ("router", true)
    experts.unit = .clamped(
      slope: try config.positive("swiglu_alpha", default: 1.702),
      limit: try config.positive("swiglu_limit", default: 7))
    experts.names = .fusedGated(gateAndUp: "gate_up_proj", down: "down_proj", order: .pairs)
    experts.stacking = LlamaModules.Stacking(bias: "_bias", isTransposed: true)
    try modules.setExperts(experts, config)
    return modules.spec
  }
}
