// Qwen3-Next (Qwen Team 2025; transformers, models/qwen3_next/configuration_qwen3_next.py) and the text of Qwen 3.5
// (models/qwen3_5/configuration_qwen3_5.py): gated delta nets, every fourth layer attends with gates; norms stored less 1.

import SafeIO
import TensorCore

extension Family {
  static let qwen3Next = Family("qwen3_next") { config throws(Failure) in
    var modules = try LlamaModules(qwen3Next: config, isGrouped: true)
    if config.value("num_experts") == 0 {
      config.ignore(
        "num_experts_per_tok", "moe_intermediate_size", "shared_expert_intermediate_size",
        "decoder_sparse_step")
    } else {
      let shared = try config.count("shared_expert_intermediate_size", default: 512)
      try modules.readQwenExperts(config, isNormalized: true, sharedWidth: shared)
    }
    return modules.spec
  }

  static let qwen35 = Family("qwen3_5_text") { config throws(Failure) in
    try LlamaModules(qwen3Next: config, isGrouped: false).spec
  }
}

extension LlamaModules {
  /// - Parameter isGrouped: whether one layer of a delta net makes queries, keys, values and gates, head by head.
  fileprivate init(qwen3Next config: ModelConfig, isGrouped: Bool) throws(Failure) {
    // In a text, the three kinds of positions that share the dimensions are the same.
    try self.init(
      config,
      .init(
        headSize: 256, defaultActivation: "silu", rotaryFraction: 0.25,
        ignoredRotaryKeys: ["mrope_section", "mrope_interleaved"]))
    norm.isUnitOffset = true
    headNorm = .each
    hasOutputGate = true
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    outputBias = queryKeyValueBias
    ignoredPrefixes = ["mtp."]
    guard try !config.bool("use_sliding_window", default: false) else {
      throw config.complaint("use_sliding_window", "is on, but these models have no windows")
    }
    config.ignore("sliding_window", "max_window_layers")
    guard activation == .silu else {
      throw config.complaint("hidden_act", "is not silu, which is all that delta nets have")
    }
    let interval = try config.count("full_attention_interval", default: 4)
    let attends = try config.attendingLayers(
      "layer_types", layers: sizes.layers, others: ["linear_attention"]
    ) {
      ($0 + 1) % interval == 0
    }
    let nets = try DeltaNetModules(config, hidden: sizes.hidden, epsilon: norm.epsilon, isGrouped: isGrouped)
    for (layer, attends) in attends.enumerated() where !attends {
      mixers[layer] = { .deltaNet(nets.spec("\($0).linear_attn")) }
    }
  }
}

/// The gated delta nets of a model, with their names.
private struct DeltaNetModules {
  private let hidden: Int
  private let keyHeads: Int
  private let keySize: Int
  private let heads: Int
  private let valueSize: Int
  private let taps: Int
  private let epsilon: Float
  private let isGrouped: Bool

  init(_ config: ModelConfig, hidden: Int, epsilon: Float, isGrouped: Bool) throws(Failure) {
    (self.hidden, self.epsilon, self.isGrouped) = (hidden, epsilon, isGrouped)
    keyHeads = try config.optionalCount("linear_num_key_heads", atMost: 1 << 12) ?? 16
    keySize = try config.optionalCount("linear_key_head_dim", atMost: 1 << 12) ?? 128
    heads = try config.optionalCount("linear_num_value_heads", atMost: 1 << 12) ?? 32
    valueSize = try config.optionalCount("linear_value_head_dim", atMost: 1 << 12) ?? 128
    taps = try config.taps("linear_conv_kernel_dim", default: 4)
    guard heads % keyHeads == 0 else {
      throw config.complaint(
        "linear_num_value_heads", "is \(heads), which the \(keyHeads) key heads do not divide")
    }
  }

  func spec(_ path: String) -> DeltaNetSpec {
    let (keys, values) = (keyHeads * keySize, heads * valueSize)
    func linear(_ name: String, to outputs: Int) -> LinearSpec {
      LinearSpec("\(path).\(name)", from: hidden, to: outputs)
    }
    return DeltaNetSpec(
      keyHeads: keyHeads, keySize: keySize, heads: heads, valueSize: valueSize,
      projection: isGrouped
        ? .grouped(
          linear("in_proj_qkvz", to: 2 * keys + 2 * values), linear("in_proj_ba", to: 2 * heads))
        : .separate(
          linear("in_proj_qkv", to: 2 * keys + values), gate: linear("in_proj_z", to: values),
          step: linear("in_proj_b", to: heads), decay: linear("in_proj_a", to: heads)),
      convolution: ConvolutionSpec(
        path: "\(path).conv1d", channels: 2 * keys + values, taps: taps, hasBias: false),
      decay: DecaySpec(path, heads: heads),
      norm: NormSpec(kind: .rms, path: "\(path).norm", size: valueSize, epsilon: epsilon),
      output: LinearSpec("\(path).out_proj", from: values, to: hidden))
  }
}
