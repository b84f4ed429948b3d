// Gemma 1 to 3, text (Gemma Team 2024 and 2025, arXiv:2403.08295, arXiv:2408.00118, arXiv:2503.19786; transformers,
// models/gemma*/configuration_*.py): embeddings times sqrt(hidden), norms stored less 1, gated GELU. Gemma 2 normalizes
// what each part adds as well, caps scores and logits, and sees a window in every other layer; Gemma 3 normalizes heads
// instead of capping, and rotates windowed layers by a base of their own.

import SafeIO
import TensorCore

extension Family {
  static let gemma = Family("gemma") { config throws(Failure) in
    // Files from before `hidden_activation` say gelu, and were trained with its tanh form.
    let hasNewKey = try config.optionalString("hidden_activation") != nil
    var modules = try LlamaModules(
      config, .gemma(activation: hasNewKey ? "hidden_activation" : "hidden_act"))
    config.ignore("hidden_act")
    if modules.activation == .geluErf { modules.activation = .geluTanh }
    try modules.readGemma(config)
    return modules.spec
  }

  static let gemma2 = Family("gemma2") { config throws(Failure) in
    var modules = try LlamaModules(config, .gemma())
    config.ignore("hidden_act")
    try modules.readGemma(config)
    modules.blockNorms = .sandwich
    modules.scale = 1 / (try config.positive("query_pre_attn_scalar", default: 256)).squareRoot()
    modules.attentionSoftcap = try config.softcap("attn_logit_softcapping", default: 50)
    modules.logitSoftcap = try config.softcap("final_logit_softcapping", default: 30)
    config.ignore("sliding_window_size")
    modules.windows = try config.windows(layers: modules.sizes.layers, size: 4096) { $0 % 2 == 0 }
    return modules.spec
  }

  static let gemma3 = Family("gemma3_text") { config throws(Failure) in
    var modules = try LlamaModules(config, .gemma(rope: .perLayerType))
    config.ignore("hidden_act")
    try modules.readGemma(config)
    modules.blockNorms = .sandwich
    modules.headNorm = .each
    modules.scale = 1 / (try config.positive("query_pre_attn_scalar", default: 256)).squareRoot()
    modules.attentionSoftcap = try config.softcap("attn_logit_softcapping", default: nil)
    modules.logitSoftcap = try config.softcap("final_logit_softcapping", default: nil)
    let older = try config.optionalCount("sliding_window_pattern")
    let pattern = try config.optionalCount("_sliding_window_pattern") ?? older ?? 6
    modules.windows = try config.windows(layers: modules.sizes.layers, size: 4096) {
      ($0 + 1) % pattern != 0
    }
    let local = try config.localRotary(
      headSize: modules.sizes.headSize, context: modules.sizes.context, base: 10_000)
    for (layer, window) in modules.windows.enumerated() where window != nil {
      modules.rotaries[layer] = local
    }
    return modules.spec
  }
}

extension LlamaModules.Dialect {
  fileprivate enum Rope { case one, perLayerType }

  fileprivate static func gemma(activation: String = "hidden_activation", rope: Rope = .one) -> Self {
    Self(
      headSize: 256, activation: activation, defaultActivation: "gelu_pytorch_tanh", isTied: true,
      ropeBase: rope == .one ? 10_000 : 1_000_000)
  }
}

extension LlamaModules.BlockNorms {
  /// Norms before and after each part.
  fileprivate static let sandwich = Self(
    attention: "input_layernorm", attentionOutput: "post_attention_layernorm",
    feedForward: "pre_feedforward_layernorm", feedForwardOutput: "post_feedforward_layernorm")
}

extension LlamaModules {
  /// What all Gemmas have.
  fileprivate mutating func readGemma(_ config: ModelConfig) throws(Failure) {
    norm.isUnitOffset = true
    embeddingScale = Float(sizes.hidden).squareRoot()
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    outputBias = queryKeyValueBias
    guard try !config.bool("use_bidirectional_attention", default: false) else {
      throw config.complaint(
        "use_bidirectional_attention", "is on, which makes an encoder; mlt runs decoders")
    }
  }
}
