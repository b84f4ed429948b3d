// A model folder made on the spot: a small Llama with random weights and a tokenizer whose tokens are the 256 bytes.
// It says nothing sensible, but it is complete, so commands can be tested from end to end without a stored model.

import SafeIO

/// Writes model folders for tests.
package struct TinyModel: Sendable {
  package var vocabularySize: Int { 256 + specialTokens.count }
  package var hiddenSize = 32
  package var layers = 2
  package var intermediateSize = 48
  package var contextLength = 512
  package var seed: UInt64 = 1
  /// How large the random weights are; larger ones make more decided predictions.
  package var deviation: Float = 0.2
  /// Special tokens, with ids from 256 on; the first begins a text and the second ends it.
  package var specialTokens = ["<s>", "</s>"]
  /// Jinja source, if the model is to have a chat template.
  package var chatTemplate: String?

  package init() {}

  /// Writes config.json, model.safetensors, tokenizer.json, tokenizer_config.json into `directory`.
  package func write(to directory: String) throws {
    try Files.makeDirectory(directory)
    try Files.writeAtomically(config.text(.pretty(indent: 2)), to: "\(directory)/config.json")
    try Files.writeAtomically(weights(), to: "\(directory)/model.safetensors")
    try Files.writeAtomically(tokenizer.text(), to: "\(directory)/tokenizer.json")
    try Files.writeAtomically(tokenizerConfig.text(), to: "\(directory)/tokenizer_config.json")
  }

  private var heads: Int { 2 }
  private var headSize: Int { hiddenSize / heads }

  private var config: JSON {
    [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": .integer(hiddenSize),
      "intermediate_size": .integer(intermediateSize), "num_hidden_layers": .integer(layers),
      "num_attention_heads": .integer(heads), "num_key_value_heads": 1, "head_dim": .integer(headSize),
      "vocab_size": .integer(vocabularySize), "max_position_embeddings": .integer(contextLength),
      "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true,
      "bos_token_id": 256, "eos_token_id": 257, "torch_dtype": "float32",
    ]
  }

  /// Every tensor's name and shape, as Hugging Face names them.
  private var shapes: [(name: String, shape: [Int])] {
    var list = [
      ("model.embed_tokens.weight", [vocabularySize, hiddenSize]), ("model.norm.weight", [hiddenSize]),
    ]
    for layer in 0..<layers {
      let block = "model.layers.\(layer)"
      list += [
        ("\(block).input_layernorm.weight", [hiddenSize]),
        ("\(block).post_attention_layernorm.weight", [hiddenSize]),
        ("\(block).self_attn.q_proj.weight", [hiddenSize, hiddenSize]),
        ("\(block).self_attn.k_proj.weight", [headSize, hiddenSize]),
        ("\(block).self_attn.v_proj.weight", [headSize, hiddenSize]),
        ("\(block).self_attn.o_proj.weight", [hiddenSize, hiddenSize]),
        ("\(block).mlp.gate_proj.weight", [intermediateSize, hiddenSize]),
        ("\(block).mlp.up_proj.weight", [intermediateSize, hiddenSize]),
        ("\(block).mlp.down_proj.weight", [hiddenSize, intermediateSize]),
      ]
    }
    return list.sorted { $0.0 < $1.0 }
  }

  private func weights() -> [UInt8] {
    var header = JSONObject()
    var data: [UInt8] = []
    // SplitMix64, summed to something near a normal distribution.
    var state = seed
    func random() -> Float {
      var sum: Float = 0
      for _ in 0..<4 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        sum += Float((z ^ (z >> 31)) >> 40) * 0x1p-24 - 0.5
      }
      return sum * 1.7
    }
    for (name, shape) in shapes {
      let start = data.count
      let isNorm = shape.count == 1
      for _ in 0..<shape.reduce(1, *) {
        let value = isNorm ? 1 + 0.1 * random() : deviation * random()
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 }
      }
      header[name] = [
        "dtype": "F32", "shape": .array(shape.map { .integer($0) }),
        "data_offsets": [.integer(start), .integer(data.count)],
      ]
    }
    var text = JSON.object(header).text()
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Array($0) }
    return length + Array(text.utf8) + data
  }

  private var tokenizer: JSON {
    var vocabulary = JSONObject()
    for byte in 0..<256 { vocabulary[Self.character(for: UInt8(byte))] = .integer(byte) }
    let added = specialTokens.enumerated().map { index, text -> JSON in
      [
        "id": .integer(256 + index), "content": .string(text), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true,
      ]
    }
    let byteLevel: JSON = [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true,
    ]
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": nil,
      "pre_tokenizer": byteLevel, "post_processor": nil, "decoder": byteLevel,
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": .object(vocabulary), "merges": [],
      ],
    ]
  }

  private var tokenizerConfig: JSON {
    var config: JSONObject = [
      "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": .string(specialTokens[0]),
      "eos_token": .string(specialTokens[1]), "model_max_length": .integer(contextLength),
    ]
    if let chatTemplate { config["chat_template"] = .string(chatTemplate) }
    return .object(config)
  }

  /// The character that stands for a byte in byte-level vocabularies (GPT-2's `bytes_to_unicode`).
  private static func character(for byte: UInt8) -> String {
    let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
    if isPrintable { return String(UnicodeScalar(byte)) }
    let rank = (0..<byte).count {
      !((33...126).contains($0) || (161...172).contains($0) || (174...255).contains($0))
    }
    return UnicodeScalar(256 + UInt32(rank)).map { String($0) } ?? ""
  }
}
