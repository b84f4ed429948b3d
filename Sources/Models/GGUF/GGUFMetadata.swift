// The metadata of a GGUF file that says what a specification says. It is written from the specification, not from config.json,
// whose keys differ by family and generation; and it is only written if reading it back gives the same specification again, so
// what GGUF can't say of a model is an error and not another model.

import SafeIO
import TensorCore
import WeightFiles

extension GGUFArchitecture {
  /// The architecture of llama.cpp for each family that it has.
  private static let names = [
    "llama": "llama", "mistral": "llama", "mixtral": "llama", "arcee": "arcee", "qwen2": "qwen2",
    "qwen2_moe": "qwen2moe", "qwen3": "qwen3", "qwen3_moe": "qwen3moe", "gemma": "gemma", "gemma2": "gemma2",
    "gemma3_text": "gemma3", "phi": "phi2", "phi3": "phi3", "gpt2": "gpt2", "gpt_neox": "gptneox",
    "starcoder2": "starcoder2", "stablelm": "stablelm", "olmo": "olmo", "olmo2": "olmo2", "olmo3": "olmo2",
    "olmoe": "olmoe", "granite": "granite",
    "granitemoe": "granitemoe", "gpt_oss": "gpt-oss", "cohere": "command-r", "cohere2": "cohere2",
    "smollm3": "smollm3",
    "glm4": "glm4", "exaone4": "exaone4", "nemotron": "nemotron", "ernie4_5": "ernie4_5",
    "seed_oss": "seed_oss",
  ]

  /// The architecture that a model of a family becomes.
  ///
  /// - Throws: `Failure.badData` for families that llama.cpp has not, or in another form.
  static func of(modelType: String, source: String) throws(Failure) -> GGUFArchitecture {
    guard let name = names[modelType], let known = all.first(where: { $0.name == name }) else {
      let list = names.keys.sorted().joined(separator: ", ")
      throw .badData(
        source, "a model of the family '\(modelType)' can't be written as GGUF; those of \(list) can")
    }
    return known
  }
}

extension DecoderSpec {
  /// What llama.cpp's loader wants to know, in its keys, and the tensors that go with them.
  func ggufMetadata(_ architecture: GGUFArchitecture, contextLength: Int) -> GGUFDescription {
    var keys: [(String, GGUFField)] = []
    func add(_ key: String, _ value: GGUFField) { keys.append(("\(architecture.name).\(key)", value)) }
    guard let attention = blocks[0].attention else {
      preconditionFailure("every architecture that is written attends in its first block")
    }
    add("block_count", .uint32(blocks.count))
    add("context_length", .uint32(contextLength))
    add("embedding_length", .uint32(hiddenSize))
    add("feed_forward_length", .uint32(blocks.compactMap(\.feedForward?.ggufWidth).max() ?? 0))
    add("attention.head_count", .uint32(attention.heads))
    add("attention.head_count_kv", .uint32(attention.keyValueHeads))
    add("attention.key_length", .uint32(attention.headSize))
    add("attention.value_length", .uint32(attention.headSize))
    add(
      finalNorm.kind == .rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
      .float32(finalNorm.epsilon))
    add("vocab_size", .uint32(vocabularySize))
    var factors: [(name: String, values: [Float])] = []
    if let rotary = blocks.lazy.compactMap({ $0.attention?.window == nil ? $0.attention?.rotary : nil }).first
      ?? blocks.lazy.compactMap(\.attention?.rotary).first
    {
      add("rope.dimension_count", .uint32(rotary.dimensions))
      add("rope.freq_base", .float32(rotary.base))
      for (key, value) in rotary.ggufScaling { add(key, value) }
      factors = rotary.ggufFactors
      let local = blocks.lazy.compactMap { $0.attention?.window == nil ? nil : $0.attention?.rotary }.first
      if let local, local.base != rotary.base { add("rope.freq_base_swa", .float32(local.base)) }
    }
    if let window = blocks.lazy.compactMap(\.attention?.window).first {
      add("attention.sliding_window", .uint32(window))
      if ["gemma3", "gpt-oss", "olmo2", "exaone4", "cohere2"].contains(architecture.name) {
        add("attention.sliding_window_pattern", .bools(blocks.map { $0.attention?.window != nil }))
      }
    }
    if let clip = attention.clip { add("attention.clamp_kqv", .float32(clip)) }
    if let cap = attention.softcap { add("attn_logit_softcapping", .float32(cap)) }
    if let logitSoftcap { add("final_logit_softcapping", .float32(logitSoftcap)) }
    switch architecture.name {
    case "granite", "granitemoe":
      add("attention.scale", .float32(attention.scale))
      add("embedding_scale", .float32(embeddingScale))
      add("residual_scale", .float32(blocks[0].residualScale))
      add("logit_scale", .float32(1 / logitScale))
    case "command-r", "cohere2": add("logit_scale", .float32(logitScale))
    case "gptneox", "stablelm": add("use_parallel_residual", .bool(blocks[0].isParallel))
    default: break
    }
    if let experts = blocks.lazy.compactMap({ $0.feedForward?.routed }).first {
      add("expert_count", .uint32(experts.experts.count))
      add("expert_used_count", .uint32(experts.routing.chosen))
      add("expert_feed_forward_length", .uint32(experts.experts[0].ggufWidth))
      if let shared = experts.shared { add("expert_shared_feed_forward_length", .uint32(shared.ggufWidth)) }
    }
    return GGUFDescription(keys: keys, factors: factors)
  }
}

/// What a GGUF file says of a model beside its weights.
package struct GGUFDescription {
  package var keys: [(key: String, value: GGUFField)]
  /// Vectors that positions' frequencies are divided by.
  package var factors: [(name: String, values: [Float])]
}

extension FeedForwardSpec {
  /// The inner width; of experts that of one, or of their gate.
  fileprivate var ggufWidth: Int {
    switch self {
    case .plain(_, let up, _), .gated(_, _, let up, _): up.matrix.rows
    case .fusedGated(_, let both, _, _): both.matrix.rows / 2
    case .experts(let spec): spec.experts[0].ggufWidth
    }
  }

  /// The experts, where it has some.
  package var routed: ExpertsSpec? { if case .experts(let spec) = self { spec } else { nil } }
}

extension RotarySpec {
  fileprivate var ggufScaling: [(String, GGUFField)] {
    switch scaling {
    case .none, .dynamic, .llama3: return []
    case .linear(let factor):
      return [("rope.scaling.type", .string("linear")), ("rope.scaling.factor", .float32(factor))]
    case .yarn(let yarn):
      return [
        ("rope.scaling.type", .string("yarn")), ("rope.scaling.factor", .float32(yarn.factor)),
        ("rope.scaling.original_context_length", .uint32(yarn.originalContext)),
        ("rope.scaling.yarn_beta_fast", .float32(yarn.betaFast)),
        ("rope.scaling.yarn_beta_slow", .float32(yarn.betaSlow)),
        (
          "rope.scaling.attn_factor",
          .float32(yarn.attentionScale / YarnRotaryScaling.magnitude(yarn.factor))
        ),
      ]
    case .long(let long):
      return [
        ("rope.scaling.type", .string("longrope")),
        ("rope.scaling.original_context_length", .uint32(long.originalContext)),
        ("rope.scaling.attn_factor", .float32(long.attentionScale)),
      ]
    }
  }

  fileprivate var ggufFactors: [(name: String, values: [Float])] {
    switch scaling {
    case .llama3(let llama3):
      let plain = RotarySpec(dimensions: dimensions, base: base, scaling: .none).inverseFrequencies(length: 1)
      return [("rope_freqs.weight", zip(plain, llama3.scaled(plain)).map { $0 / $1 })]
    case .long(let long):
      return [
        ("rope_factors_long.weight", long.longFactors), ("rope_factors_short.weight", long.shortFactors),
      ]
    default: return []
    }
  }
}
