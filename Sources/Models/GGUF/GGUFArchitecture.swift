// The table of llama.cpp's architectures: what `general.architecture` says, and how the metadata of such a file becomes the
// config.json of the same model. From there on nothing asks whether it was a GGUF file: one reader of families reads both.
//
// What llama.cpp takes for granted (src/models/*.cpp) and a config.json has to say, such as a pattern of windows, is added here.

import SafeIO
import WeightFiles

/// An architecture of llama.cpp.
struct GGUFArchitecture: Sendable {
  let name: String
  /// Which dimensions of a head its files rotate together (`llama_model_rope_type` in src/llama-model.cpp).
  ///
  /// Where the family pairs halves but the file pairs neighbours, llama.cpp's converter has moved the rows of queries and
  /// keys, and they are moved back.
  let pairsNeighbours: Bool
  /// What the norm of what the feed-forward part reads is called.
  let feedForwardNorm: String
  /// Adds what is the family's own to the sizes that all have; `model_type` first of all.
  let describe: @Sendable (inout GGUFConfiguration) throws(Failure) -> Void

  private init(
    _ name: String, pairsNeighbours: Bool = false, feedForwardNorm: String = "ffn_norm",
    _ describe: @escaping @Sendable (inout GGUFConfiguration) throws(Failure) -> Void
  ) {
    self.name = name
    self.pairsNeighbours = pairsNeighbours
    self.feedForwardNorm = feedForwardNorm
    self.describe = describe
  }

  /// The architecture that a file says it has.
  ///
  /// - Throws: `Failure.badData` for one that mlt does not know.
  static func named(in file: GGUFFile) throws(Failure) -> GGUFArchitecture {
    guard let name = try file.string("general.architecture") else {
      throw .badData("\(file.path): key 'general.architecture'", "is missing")
    }
    guard let known = all.first(where: { $0.name == name }) else {
      let list = all.map(\.name).joined(separator: ", ")
      throw .badData(
        "\(file.path): key 'general.architecture'", "'\(name.prefix(80))' is not supported; known: \(list)")
    }
    return known
  }

  static let all: [GGUFArchitecture] = [
    GGUFArchitecture("llama", pairsNeighbours: true) { c throws(Failure) in
      let window = try c.integer("attention.sliding_window")
      c["model_type"] = window == nil ? "llama" : "mistral"
      c["sliding_window"] = window.map(JSON.integer)
      if try c.integer("expert_count") ?? 0 > 0 {
        c["model_type"] = "mixtral"
        try c.readExperts(countKey: "num_local_experts", widthKey: "intermediate_size")
      }
      if c.has("attn_q.bias") { c["attention_bias"] = true }
      if c.has("ffn_up.bias") { c["mlp_bias"] = true }
      c["hidden_act"] = "silu"
    },
    GGUFArchitecture("arcee", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "arcee"
      c["hidden_act"] = "relu2"
      if c.has("attn_q.bias") { c["attention_bias"] = true }
    },
    GGUFArchitecture("qwen2") { c throws(Failure) in
      c["model_type"] = "qwen2"
      c["hidden_act"] = "silu"
    },
    GGUFArchitecture("qwen2moe") { c throws(Failure) in
      c["model_type"] = "qwen2_moe"
      c["hidden_act"] = "silu"
      try c.readExperts(countKey: "num_experts")
      c["shared_expert_intermediate_size"] = .integer(
        try c.integer("expert_shared_feed_forward_length") ?? c.file.described("blk.0.ffn_up_shexp.weight")?
          .shape[0] ?? 0)
      c["norm_topk_prob"] = false
    },
    GGUFArchitecture("qwen3") { c throws(Failure) in
      c["model_type"] = "qwen3"
      c["hidden_act"] = "silu"
      if c.has("attn_q.bias") { c["attention_bias"] = true }
    },
    GGUFArchitecture("qwen3moe") { c throws(Failure) in
      c["model_type"] = "qwen3_moe"
      c["hidden_act"] = "silu"
      try c.readExperts(countKey: "num_experts")
      c["norm_topk_prob"] = true
    },
    GGUFArchitecture("gemma") { c throws(Failure) in
      c["model_type"] = "gemma"
      c["hidden_activation"] = "gelu_pytorch_tanh"
    },
    GGUFArchitecture("gemma2") { c throws(Failure) in
      c["model_type"] = "gemma2"
      c["hidden_activation"] = "gelu_pytorch_tanh"
      c["attn_logit_softcapping"] = .double(try c.number("attn_logit_softcapping") ?? 50)
      c["final_logit_softcapping"] = .double(try c.number("final_logit_softcapping") ?? 30)
      c["sliding_window"] = .integer(try c.integer("attention.sliding_window") ?? 4096)
      // The 27B model, which has 46 layers, scales by the width of a head of the embedding.
      c["query_pre_attn_scalar"] = .integer(c.layers == 46 ? c.hidden / c.heads : c.headSize)
    },
    GGUFArchitecture("gemma3") { c throws(Failure) in
      c["model_type"] = "gemma3_text"
      c["hidden_activation"] = "gelu_pytorch_tanh"
      c["attn_logit_softcapping"] = .null
      c["final_logit_softcapping"] = try c.number("final_logit_softcapping").map(JSON.double) ?? .null
      c["query_pre_attn_scalar"] = .integer(c.layers == 62 ? c.hidden / c.heads : c.headSize)
      c["rope_local_base_freq"] = .double(try c.number("rope.freq_base_swa") ?? 10_000)
      if try c.number("rope.freq_base") == nil { c["rope_theta"] = 1_000_000 }
      try c.readWindows(pattern: 6)
    },
    GGUFArchitecture("phi2") { c throws(Failure) in
      c["model_type"] = "phi"
      c["hidden_act"] = "gelu_new"
      c["tie_word_embeddings"] = false
      c.readPartialRotation()
    },
    GGUFArchitecture("phi3") { c throws(Failure) in
      c["model_type"] = "phi3"
      c["hidden_act"] = "silu"
      let window = try c.integer("attention.sliding_window") ?? 0
      c["sliding_window"] = window > 0 ? .integer(window) : .null
      c.readPartialRotation()
    },
    GGUFArchitecture("gpt2") { c throws(Failure) in
      c["model_type"] = "gpt2"
      c["activation_function"] = "gelu_new"
      c.rename([
        ("hidden_size", "n_embd"), ("num_hidden_layers", "n_layer"), ("num_attention_heads", "n_head"),
        ("max_position_embeddings", "n_positions"), ("intermediate_size", "n_inner"),
        ("layer_norm_eps", "layer_norm_epsilon"),
      ])
      c.drop("num_key_value_heads", "head_dim", "rope_theta")
    },
    GGUFArchitecture("gptneox") { c throws(Failure) in
      c["model_type"] = "gpt_neox"
      c["hidden_act"] = "gelu"
      c["use_parallel_residual"] = .bool(try c.bool("use_parallel_residual") ?? true)
      c.readPartialRotation(as: "rotary_pct")
      c.drop("num_key_value_heads", "head_dim")
    },
    GGUFArchitecture("starcoder2") { c throws(Failure) in
      c["model_type"] = "starcoder2"
      c["hidden_act"] = "gelu_pytorch_tanh"
      c["use_bias"] = .bool(c.has("attn_q.bias"))
      c["sliding_window"] = try c.integer("attention.sliding_window").map(JSON.integer) ?? .null
      c.rename([("layer_norm_eps", "norm_epsilon")])
    },
    GGUFArchitecture("stablelm") { c throws(Failure) in
      c["model_type"] = "stablelm"
      c["hidden_act"] = "silu"
      c["use_qkv_bias"] = .bool(c.has("attn_q.bias"))
      c["use_parallel_residual"] = .bool(!c.has("ffn_norm.weight"))
      _ = try c.bool("use_parallel_residual")
      if c.has("attn_q_norm.weight") { c["qk_layernorm"] = true }
      c.readPartialRotation()
    },
    GGUFArchitecture("olmo", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "olmo"
      c["hidden_act"] = "silu"
      c["clip_qkv"] = try c.number("attention.clamp_kqv").map(JSON.double) ?? .null
      c.drop("layer_norm_eps")
    },
    GGUFArchitecture("olmo2") { c throws(Failure) in
      let isWindowed = try c.integer("attention.sliding_window") != nil
      c["model_type"] = isWindowed ? "olmo3" : "olmo2"
      c["hidden_act"] = "silu"
      if isWindowed { try c.readWindows(pattern: 4) }
    },
    GGUFArchitecture("olmoe") { c throws(Failure) in
      c["model_type"] = "olmoe"
      c["hidden_act"] = "silu"
      try c.readExperts(countKey: "num_experts", widthKey: "intermediate_size")
      c["norm_topk_prob"] = false
      c["clip_qkv"] = try c.number("attention.clamp_kqv").map(JSON.double) ?? .null
    },
    GGUFArchitecture("granite", pairsNeighbours: true) { c throws(Failure) in
      try c.readGranite()
    },
    GGUFArchitecture("granitemoe", pairsNeighbours: true) { c throws(Failure) in
      try c.readGranite()
      c["model_type"] = "granitemoe"
      try c.readExperts(countKey: "num_local_experts", widthKey: "intermediate_size")
      if let shared = try c.integer("expert_shared_feed_forward_length"), shared > 0 {
        c["shared_intermediate_size"] = .integer(shared)
      }
    },
    GGUFArchitecture("gpt-oss", feedForwardNorm: "post_attention_norm") { c throws(Failure) in
      c["model_type"] = "gpt_oss"
      c["hidden_act"] = "silu"
      try c.readExperts(countKey: "num_local_experts", widthKey: "intermediate_size")
      try c.readWindows(pattern: 2)
      if var scaling = c["rope_scaling"]?.objectValue {
        scaling["truncate"] = false
        c["rope_scaling"] = .object(scaling)
      }
    },
    GGUFArchitecture("command-r", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "cohere"
      c["hidden_act"] = "silu"
      c["logit_scale"] = .double(try c.number("logit_scale") ?? 0.0625)
      if c.has("attn_q_norm.weight") { c["use_qk_norm"] = true }
      if c.has("attn_q.bias") { c["attention_bias"] = true }
    },
    GGUFArchitecture("cohere2", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "cohere2"
      c["hidden_act"] = "silu"
      c["logit_scale"] = .double(try c.number("logit_scale") ?? 0.0625)
      try c.readWindows(pattern: 4)
    },
    GGUFArchitecture("smollm3", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "smollm3"
      c["hidden_act"] = "silu"
      c["no_rope_layer_interval"] = 4
    },
    GGUFArchitecture("glm4", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = c.has("post_attention_norm.weight") ? "glm4" : "glm"
      c["hidden_act"] = "silu"
      c["attention_bias"] = .bool(c.has("attn_q.bias"))
      c.readPartialRotation()
    },
    GGUFArchitecture("exaone4") { c throws(Failure) in
      c["model_type"] = "exaone4"
      c["hidden_act"] = "silu"
      // Only the 32B model, which has 64 layers, has windows there.
      if c.layers == 64 {
        try c.readWindows(pattern: 4)
      } else {
        c.ignore("attention.sliding_window", "attention.sliding_window_pattern")
      }
    },
    GGUFArchitecture("nemotron") { c throws(Failure) in
      c["model_type"] = "nemotron"
      c["hidden_act"] = "relu2"
      if c.has("attn_q.bias") { c["attention_bias"] = true }
      if c.has("ffn_up.bias") { c["mlp_bias"] = true }
      c.rename([("layer_norm_eps", "norm_eps")])
      c.readPartialRotation()
    },
    // Its one projection is taken apart in GGUF files, so what is left of it is a Llama.
    GGUFArchitecture("internlm2", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "llama"
      c["hidden_act"] = "silu"
      if c.has("attn_q.bias") { c["attention_bias"] = true }
    },
    GGUFArchitecture("ernie4_5", pairsNeighbours: true) { c throws(Failure) in
      c["model_type"] = "ernie4_5"
      c["hidden_act"] = "silu"
      c["use_bias"] = .bool(c.has("attn_q.bias"))
    },
    GGUFArchitecture("seed_oss", feedForwardNorm: "post_attention_norm") { c throws(Failure) in
      c["model_type"] = "seed_oss"
      c["hidden_act"] = "silu"
      c["attention_bias"] = .bool(c.has("attn_q.bias"))
      c["attention_out_bias"] = .bool(c.has("attn_output.bias"))
      c["mlp_bias"] = .bool(c.has("ffn_up.bias"))
    },
  ]
}
