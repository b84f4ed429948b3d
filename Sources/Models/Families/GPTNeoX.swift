// GPT-NeoX and Pythia (Black et al. 2022, arXiv:2204.06745; transformers, models/gpt_neox/configuration_gpt_neox.py): layer
// norms, biases everywhere, one layer for queries, keys and values head by head, attention and feed-forward side by side.

import SafeIO

extension Family {
  static let gptNeoX = Family("gpt_neox") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(
        epsilon: "layer_norm_eps", defaultEpsilon: 1e-5, defaultActivation: "gelu",
        rotaryFraction: Double(config.positive("rotary_pct", default: 0.25)),
        ropeBase: Double(config.positive("rotary_emb_base", default: 10_000))))
    modules.names = .init(
      prefix: "gpt_neox.", embedding: "embed_in", attention: "attention", attentionOutput: "dense",
      finalNorm: "final_layer_norm", head: "embed_out")
    modules.norm.kind = .layer
    modules.norm.hasBias = true
    modules.fusedProjection = ("query_key_value", .groups)
    modules.queryKeyValueBias = try config.bool("attention_bias", default: true)
    modules.outputBias = modules.queryKeyValueBias
    modules.feedForwardNames = .plain(up: "dense_h_to_4h", down: "dense_4h_to_h")
    modules.feedForwardBias = true
    modules.isParallel = try config.bool("use_parallel_residual", default: true)
    modules.ignoredSuffixes += [".attention.bias", ".attention.masked_bias"]
    return modules.spec
  }
}
