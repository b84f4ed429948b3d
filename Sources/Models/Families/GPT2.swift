// GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; transformers,
// models/gpt2/configuration_gpt2.py): learned positions, layer norms, biases everywhere, matrices stored as inputs by outputs.

import SafeIO

extension Family {
  static let gpt2 = Family("gpt2") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(
        epsilon: "layer_norm_epsilon", defaultEpsilon: 1e-5, activation: "activation_function",
        defaultActivation: "gelu_new", isTied: true,
        sizes: .init(
          hidden: "n_embd", layers: "n_layer", heads: "n_head", context: "n_positions",
          intermediate: "n_inner",
          quadruplesInner: true)))
    modules.names = .init(
      prefix: "transformer.", embedding: "wte", positions: "wpe", layers: "h", attention: "attn",
      attentionOutput: "c_proj", finalNorm: "ln_f")
    modules.blockNorms = .init(attention: "ln_1", feedForward: "ln_2")
    modules.norm.kind = .layer
    modules.norm.hasBias = true
    modules.rotaries = modules.rotaries.map { _ in nil }
    modules.fusedProjection = ("c_attn", .kinds)
    modules.queryKeyValueBias = true
    modules.outputBias = true
    modules.feedForwardNames = .plain(up: "c_fc", down: "c_proj")
    modules.feedForwardBias = true
    modules.isTransposed = true
    // Masks, and what stands for minus infinity.
    modules.ignoredSuffixes = [".attn.bias", ".attn.masked_bias"]
    config.ignore("n_ctx", "reorder_and_upcast_attn")
    if try !config.bool("scale_attn_weights", default: true) { modules.scale = 1 }
    modules.dividesScaleByLayer = try config.bool("scale_attn_by_inverse_layer_idx", default: false)
    return modules.spec
  }
}
