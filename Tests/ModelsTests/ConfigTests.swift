// config.json in its generations and dialects, and what is refused.

import Models
import SafeIO
import Testing

@Suite struct ConfigTests {
  private func spec(_ modelType: String = "llama", _ changes: [String: JSON?] = [:]) throws(Failure)
    -> DecoderSpec
  {
    try Families.spec(config: RandomModel.config(modelType, changes), source: "config.json")
  }

  private func complaint(_ modelType: String = "llama", _ changes: [String: JSON?]) throws -> Failure {
    try #require(#expect(throws: Failure.self) { try spec(modelType, changes) })
  }

  @Test func `both generations of rope configuration mean the same`() throws {
    let scaling: JSONObject = [
      "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16,
    ]
    var old = scaling
    old["type"] = "llama3"
    var middle = scaling
    middle["rope_type"] = "llama3"
    var new = middle
    new["rope_theta"] = 500.0
    let specs = try [
      spec("llama", ["rope_theta": 500.0, "rope_scaling": .object(old)]),
      spec("llama", ["rope_theta": 500.0, "rope_scaling": .object(middle)]),
      spec("llama", ["rope_theta": .some(nil), "rope_parameters": .object(new)]),
    ]
    let expected = RotarySpec(
      dimensions: 4, base: 500,
      scaling: .llama3(
        Llama3RotaryScaling(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 16)))
    for spec in specs { #expect(spec.blocks[0].attention?.rotary == expected) }
    #expect(specs[0] == specs[1] && specs[1] == specs[2])
  }

  /// Configurations of goldens that transformers 5 wrote, with one rotation for all layers.
  static let newer = GoldenModelTests.bundled.filter { path in
    let rotary = (try? JSON.read(path: "\(path)/config.json"))?["rope_parameters"]
    return rotary?["rope_type"] != nil
  }

  @Test(arguments: newer)
  func `a configuration in the older spelling means the same`(_ path: String) throws {
    let config = try #require(try JSON.read(path: "\(path)/config.json").objectValue)
    var older = config
    var rotary = try #require(config["rope_parameters"]?.objectValue)
    older.removeValue(forKey: "rope_parameters")
    for key in ["rope_theta", "partial_rotary_factor"] where rotary[key] != nil {
      older[key] = rotary[key]
      rotary.removeValue(forKey: key)
    }
    if rotary["rope_type"] != "default" {
      rotary["type"] = rotary["rope_type"]
      rotary.removeValue(forKey: "rope_type")
      older["rope_scaling"] = .object(rotary)
    }
    // Patterns that were implied before they were written down.
    if ["gemma2", "cohere2", "exaone4"].contains(config["model_type"]?.stringValue) {
      older.removeValue(forKey: "layer_types")
    }
    let source = "config.json"
    #expect(
      try Families.spec(config: .object(older), source: source)
        == Families.spec(config: .object(config), source: source))
  }

  @Test func `keys that old files lack have their defaults`() throws {
    let bare = try spec(
      "llama",
      [
        "num_key_value_heads": .some(nil), "rope_theta": .some(nil), "tie_word_embeddings": .some(nil),
        "rms_norm_eps": .some(nil),
      ])
    let attention = try #require(bare.blocks[0].attention)
    #expect(attention.keyValueHeads == 2)
    #expect(attention.headSize == 4)
    #expect(attention.rotary == RotarySpec(dimensions: 4, base: 10_000, scaling: .none))
    #expect(bare.head != nil)
    #expect(bare.finalNorm.epsilon == 1e-6)
    #expect(try spec("llama", ["head_dim": .null]) == spec())
    #expect(try spec("qwen3").blocks[0].attention?.headSize == 128)
  }

  @Test func `a padding token below 0 counts from the end, as torch counts it`() throws {
    #expect(try spec("llama", ["pad_token_id": .null]).paddingToken == nil)
    #expect(try spec("llama").paddingToken == nil)
    for family in ["llama", "mistral", "qwen2", "qwen3"] {
      for (id, token) in [(0, 0), (10, 10), (-1, 10), (-11, 0)] {
        #expect(try spec(family, ["pad_token_id": .integer(id)]).paddingToken == token)
      }
    }
  }

  @Test func `a linear scaling divides the frequencies`() throws {
    let scaling: JSON = ["type": "linear", "factor": 2.0]
    let rotary = try spec("llama", ["rope_scaling": scaling]).blocks[0].attention?.rotary
    #expect(rotary?.inverseFrequencies(length: 1) == [0.5, 0.05])
  }

  @Test func `the families differ in biases, head norms and ties`() throws {
    func names(_ modelType: String, _ changes: [String: JSON?] = [:]) throws -> Set<String> {
      let all = try spec(modelType, changes).parameters.map(\.name).filter { $0.contains("layers.1.") }
      return Set(all.map { String($0.dropFirst("model.layers.1.".count)) })
    }
    let plain = try names("llama")
    #expect(plain.count == 9)
    #expect(
      try names("llama", ["attention_bias": true]).subtracting(plain)
        == [
          "self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias", "self_attn.o_proj.bias",
        ])
    #expect(
      try names("llama", ["mlp_bias": true]).subtracting(plain)
        == ["mlp.gate_proj.bias", "mlp.up_proj.bias", "mlp.down_proj.bias"])
    #expect(try names("mistral") == plain)
    #expect(
      try names("qwen2").subtracting(plain)
        == ["self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"])
    #expect(try names("qwen3").subtracting(plain) == ["self_attn.q_norm.weight", "self_attn.k_norm.weight"])
    #expect(try spec().head?.path == "lm_head")
    #expect(try spec("llama", ["tie_word_embeddings": true]).head == nil)
  }

  @Test func `windows follow each family's rule`() throws {
    func windows(_ modelType: String, _ changes: [String: JSON?]) throws -> [Int?] {
      try spec(modelType, changes).blocks.map { $0.attention?.window }
    }
    #expect(try windows("mistral", ["sliding_window": 8]) == [8, 8])
    #expect(try windows("mistral", ["sliding_window": .null]) == [nil, nil])
    #expect(try windows("mistral", [:]) == [4096, 4096])
    #expect(try windows("qwen2", ["sliding_window": 8, "max_window_layers": 0]) == [nil, nil])
    let used: [String: JSON?] = ["sliding_window": 8, "use_sliding_window": true]
    #expect(try windows("qwen2", used.merging(["max_window_layers": 1]) { $1 }) == [nil, 8])
    #expect(try windows("qwen2", used.merging(["max_window_layers": 0]) { $1 }) == [8, 8])
    #expect(try windows("qwen2", used) == [nil, nil])
    let types: JSON = ["sliding_attention", "full_attention"]
    #expect(try windows("qwen3", used.merging(["layer_types": types]) { $1 }) == [8, nil])
  }

  @Test func `an unknown architecture is refused with the known ones`() throws {
    let failure = try complaint("mamba", [:])
    #expect(failure.kind == .badData)
    #expect(
      failure.message.hasPrefix("config.json: key 'model_type': 'mamba' is not supported; known: arcee, ")
        && Families.all.allSatisfy { failure.message.contains($0.modelType) })
    #expect(try complaint("llama", ["model_type": .some(nil)]).message.contains("is missing"))
  }

  private static func mamba(_ changes: [String: JSON?]) -> [String: JSON?] {
    (RandomModel.mixers["mamba2"] ?? [:]).merging(changes) { $1 }
  }

  @Test func `layers attend where the file or the family says`() throws {
    func attending(_ modelType: String, _ changes: [String: JSON?]) throws -> [Bool] {
      let own = (RandomModel.mixers[modelType] ?? [:]).merging(["num_hidden_layers": 4]) { $1 }
      return try spec(modelType, own.merging(changes) { $1 }).blocks.map { $0.attention != nil }
    }
    #expect(try attending("lfm2", [:]) == [false, true, false, false])
    #expect(try attending("lfm2", ["full_attn_idxs": .some(nil)]) == [true, true, true, true])
    let types: JSON = ["conv", "conv", "full_attention", "conv"]
    #expect(try attending("lfm2", ["layer_types": types]) == [false, false, true, false])
    #expect(try attending("qwen3_next", [:]) == [false, true, false, true])
    #expect(
      try attending("qwen3_next", ["full_attention_interval": .some(nil)]) == [false, false, false, true])
    #expect(try attending("mamba2", [:]) == [false, false, false, false])
  }

  @Test func `the published spellings of LFM2 and Mamba-2 mean what transformers writes`() throws {
    func lfm2(_ changes: [String: JSON?]) throws -> DecoderSpec {
      try spec(
        "lfm2", ["rms_norm_eps": .some(nil), "tie_word_embeddings": .some(nil)].merging(changes) { $1 })
    }
    let older: [String: JSON?] = [
      "block_ff_dim": 768, "intermediate_size": .some(nil), "full_attn_idxs": [0], "tie_embedding": true,
      "rope_theta": .some(nil), "theta": 1e6, "block_dim": 8, "conv_dim": 8, "conv_dim_out": 8,
      "num_heads": 2,
      "block_mlp_init_scale": 1.5, "block_out_init_scale": 2.0, "block_norm_eps": 1e-5,
      "block_use_swiglu": true,
      "conv_use_xavier_init": true, "use_pos_enc": true, "block_use_xavier_init": true,
    ]
    let newer: [String: JSON?] = [
      "intermediate_size": 768, "layer_types": ["full_attention", "conv"], "tie_word_embeddings": true,
      "rope_theta": .some(nil), "rope_parameters": ["rope_type": "default", "rope_theta": 1_000_000.0],
    ]
    #expect(try lfm2(older) == lfm2(newer))
    #expect(try lfm2(older).head == nil)
    guard case .gated(_, _, let up, _)? = try lfm2(older).blocks[0].feedForward else {
      Issue.record("no gated feed-forward part")
      return
    }
    #expect(up.matrix.rows == 512)
    #expect(
      try spec("mamba2", Self.mamba(["time_step_limit": [0.0, ["__float__": "Infinity"]]]))
        == spec("mamba2", Self.mamba(["time_step_limit": [0.0, .double(.infinity)]])))
  }

  static let refused: [(String, [String: JSON?], String)] = [
    ("llama", ["hidden_size": .some(nil)], "key 'hidden_size': is missing"),
    ("llama", ["hidden_size": 0], "expected 1 to"),
    ("llama", ["hidden_size": -8], "expected 1 to"),
    ("llama", ["hidden_size": "8"], "expected an integer, found a string"),
    ("llama", ["num_hidden_layers": 1_000_000_000_000], "expected 1 to 4096"),
    (
      "llama",
      [
        "hidden_size": 1_048_576, "num_attention_heads": 65_536, "head_dim": 65_536,
        "num_hidden_layers": 4096,
      ],
      "more than 2^48 weights"
    ),
    ("llama", ["vocab_size": .bigInteger("99999999999999999999")], "expected an integer"),
    ("llama", ["hidden_size": 9], "which the 2 attention heads do not divide"),
    ("llama", ["num_attention_heads": 3, "head_dim": 4, "num_key_value_heads": 2], "does not divide the 3"),
    ("llama", ["head_dim": 3], "expected an even number"),
    ("llama", ["rms_norm_eps": 0], "expected a number above 0"),
    ("llama", ["rope_theta": -1.0], "expected a number above 0"),
    ("llama", ["hidden_act": "mish"], "'mish' is not a known activation; known: silu"),
    (
      "llama", ["rope_scaling": ["type": "spiral", "factor": 2.0]],
      "'spiral' is not supported; known: default, linear"
    ),
    ("llama", ["rope_scaling": ["type": "longrope", "factor": 2.0]], "key 'short_factor'"),
    (
      "llama", ["rope_scaling": ["type": "su", "short_factor": [1.0, 1.0], "long_factor": [1.0]]],
      "must be a list of 2 numbers"
    ),
    ("phi3", ["partial_rotary_factor": 1e30], "at most 1"),
    (
      "llama",
      [
        "rope_scaling": [
          "type": "longrope", "short_factor": [1.0, 1.0], "long_factor": [1.0, 1.0],
          "original_max_position_embeddings": 1,
        ]
      ], "must be above 1"
    ),
    (
      "mixtral", ["num_local_experts": 4096, "num_experts_per_tok": 2, "num_hidden_layers": 4096],
      "than any model has"
    ),
    ("mixtral", ["num_local_experts": 2, "num_experts_per_tok": 3], "expected 1 to 2"),
    ("llama", ["rope_scaling": ["type": "yarn", "factor": -2.0]], "expected a number above 0"),
    ("llama", ["rope_scaling": ["type": "linear"]], "key 'factor': is missing"),
    ("llama", ["rope_scaling": ["type": "linear", "factor": 0]], "expected a number above 0"),
    ("llama", ["rope_scaling": ["type": "default", "mrope_section": [1]]], "'mrope_section': is not known"),
    ("llama", ["rope_parameters": "linear"], "expected an object"),
    (
      "llama", ["attn_logit_softcapping": 50.0],
      "'attn_logit_softcapping': is 50.0, but 'llama' has no such thing"
    ),
    ("llama", ["final_logit_softcapping": 30.0], "final_logit_softcapping"),
    ("llama", ["num_local_experts": 8], "num_local_experts"),
    ("llama", ["residual_multiplier": 0.22], "residual_multiplier"),
    ("llama", ["partial_rotary_factor": 0.5], "partial_rotary_factor"),
    ("llama", ["layer_types": ["sliding_attention", "full_attention"]], "layer_types"),
    ("llama", ["pad_token_id": 11], "is 11, which the vocabulary of 11 does not have"),
    ("llama", ["pad_token_id": -12], "is -12, which the vocabulary of 11 does not have"),
    ("mistral", ["attention_bias": true], "attention_bias"),
    (
      "lfm2", ["rms_norm_eps": .some(nil), "layer_types": ["conv", "mamba"]],
      "has 'mamba'; known: full_attention, conv"
    ),
    ("lfm2", ["rms_norm_eps": .some(nil), "layer_types": ["conv"]], "has 1 entries for 2 layers"),
    ("lfm2", ["rms_norm_eps": .some(nil), "conv_L_cache": 0], "expected 1 to"),
    (
      "lfm2", ["rms_norm_eps": .some(nil), "block_ffn_dim_multiplier": 1e30], "which makes an inner width of"
    ),
    ("lfm2", ["rms_norm_eps": .some(nil), "conv_scale": 2.0], "'lfm2' has no such thing"),
    ("mamba2", mamba(["n_groups": 3]), "does not divide the 4 heads"),
    ("mamba2", mamba(["expand": 3]), "but 4 heads of 4 are 16"),
    ("mamba2", mamba(["hidden_act": "gelu"]), "is not silu"),
    ("mamba2", mamba(["time_step_limit": [0.5, 0.1]]), "must be a list of two numbers"),
    (
      "mamba2", mamba(["time_step_limit": [["__float__": "Infinity"], 1.0]]), "must be a list of two numbers"
    ),
    ("mamba2", mamba(["time_step_limit": [0.0]]), "must be a list of two numbers"),
    (
      "mamba2",
      mamba([
        "hidden_size": 1_048_576, "num_heads": 65_536, "head_dim": 32, "state_size": 65_536,
        "n_groups": 65_536,
      ]), "more than 2^48 weights"
    ),
    ("mamba2", mamba(["num_attention_heads": 4]), "'mamba2' has no such thing"),
    ("qwen3_next", ["linear_num_value_heads": 3], "which the 16 key heads do not divide"),
    ("qwen3_next", ["num_experts": 2, "use_sliding_window": true], "is on"),
    ("qwen3_next", ["hidden_act": "relu"], "is not silu"),
    ("qwen3_next", ["layer_types": ["linear_attention", "sliding_attention"]], "has 'sliding_attention'"),
    ("mistral", ["sliding_window": 0], "expected 1 to"),
    ("qwen2", ["use_sliding_window": 1], "expected true or false"),
    ("qwen3", ["layer_types": ["full_attention"]], "has 1 entries for 2 layers"),
    ("qwen3", ["layer_types": ["full_attention", "linear_attention"]], "has 'linear_attention'"),
    (
      "qwen3", ["layer_types": ["full_attention", "sliding_attention"]],
      "sliding_window is not set or not used"
    ),
  ]

  @Test(arguments: refused)
  func `what can't be computed is refused by its key`(
    _ modelType: String, _ changes: [String: JSON?], _ words: String
  ) throws {
    let failure = try complaint(modelType, changes)
    #expect(failure.kind == .badData)
    #expect(failure.message.hasPrefix("config.json: key '"))
    #expect(failure.message.contains(words), "\(failure.message)")
  }

  @Test func `keys of ordinary files that do not concern the computation are passed over`() throws {
    let ordinary: [String: JSON?] = [
      "_name_or_path": "x/y", "architectures": ["LlamaForCausalLM"], "attention_dropout": 0.1,
      "auto_map": [:],
      "bos_token_id": 1, "eos_token_id": [2, 3], "initializer_range": 0.02, "is_llama_config": true,
      "pretraining_tp": 2, "rope_interleaved": false, "rope_scaling": .null, "torch_dtype": "bfloat16",
      "transformers_version": "4.40.0", "use_cache": true, "unsloth_version": "2024.9", "resid_pdrop": 0.1,
      "output_attentions": true, "temperature": 0.6, "_attn_implementation_autoset": true,
      "pruned_heads": [:],
      "attn_logit_softcapping": .null, "embedding_multiplier": 1.0, "classifier_dropout": 0.1,
      "partial_rotary_factor": 1.0, "layer_types": ["full_attention", "full_attention"],
      "router_aux_loss_coef": 0.001, "use_flash_attention_2": true,
    ]
    #expect(try spec("llama", ordinary) == spec())
  }

  @Test func `the quantization of mlx-lm is read with its exceptions`() throws {
    let config: JSON = [
      "quantization": [
        "group_size": 64, "bits": 4, "a.b": ["group_size": 32, "bits": 6, "mode": "affine"], "a.c": false,
        "a.d": true,
      ]
    ]
    let table = try #require(try QuantizationTable(config: config, source: "config.json"))
    #expect(table.setting("x") == QuantizationSetting(groupSize: 64, bits: 4))
    #expect(table.setting("a.b") == QuantizationSetting(groupSize: 32, bits: 6))
    #expect(table.setting("a.c") == nil)
    #expect(table.setting("a.d") == table.base)
    #expect(try QuantizationTable(config: ["model_type": "llama"], source: "config.json") == nil)
  }

  @Test func `modes of small floats have one width, and what is not said is what mlx-lm assumes`() throws {
    let config: JSON = [
      "quantization": [
        "group_size": 32, "bits": 4, "mode": "mxfp4", "a": ["mode": "nvfp4"],
        "b": ["group_size": 64, "bits": 8],
        "c": ["mode": "mxfp8", "group_size": 32, "bits": 8],
      ]
    ]
    let table = try #require(try QuantizationTable(config: config, source: "config.json"))
    #expect(table.base == QuantizationMode.mxfp4.defaultSetting)
    #expect(table.setting("a") == QuantizationMode.nvfp4.defaultSetting)
    #expect(table.setting("b") == QuantizationSetting(groupSize: 64, bits: 8))
    #expect(table.setting("c") == QuantizationMode.mxfp8.defaultSetting)
    for (setting, words) in [
      (["group_size": 16, "bits": 4, "mode": "mxfp4"] as JSON, "4 bits in groups of 16 are not 'mxfp4'"),
      (
        ["group_size": 32, "bits": 4, "mode": "fp3"],
        "'fp3' is not supported; known: affine, mxfp4, nvfp4, mxfp8"
      ),
    ] {
      let failure = #expect(throws: Failure.self) {
        try QuantizationTable(config: ["quantization": setting], source: "config.json")
      }
      #expect(failure?.kind == .badData && failure?.message.contains(words) == true, "\(words)")
    }
  }
}
