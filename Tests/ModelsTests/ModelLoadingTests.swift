// Folders whose files do not belong together.

import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct ModelLoadingTests {
  private func complaint(_ model: RandomModel) throws -> Failure {
    try #require(#expect(throws: Failure.self) { try model.decoder() })
  }

  @Test func `a missing tensor is named`() throws {
    let model = try RandomModel { $0.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" } }
    let failure = try complaint(model)
    #expect(failure.kind == .badData)
    #expect(
      failure.message
        == "\(model.path): the weights lack the tensor 'model.layers.1.mlp.up_proj.weight', which config.json calls for"
    )
  }

  @Test func `a tensor of the wrong shape is named with both shapes`() throws {
    let model = try RandomModel { tensors in
      for index in tensors.indices where tensors[index].name == "model.norm.weight" {
        tensors[index].tensor = .zeros([9])
      }
    }
    #expect(
      try complaint(model).message
        == "\(model.path): tensor 'model.norm.weight': has the shape [9], expected [8]; config.json and weights disagree"
    )
  }

  @Test func `a tensor of the wrong type is named with both types`() throws {
    let model = try RandomModel { tensors in
      for index in tensors.indices where tensors[index].name == "lm_head.weight" {
        tensors[index].tensor = .zeros([11, 8], dtype: .i32)
      }
    }
    #expect(
      try complaint(model).message
        == "\(model.path): tensor 'lm_head.weight': is I32, expected F32, BF16, F16 or smaller floats")
  }

  private static let routed = RandomModel.config(
    "qwen3_moe", ["num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 12])

  /// Puts the matrices of all experts into one tensor, under mlx-lm's names.
  private func stack(_ tensors: inout [(name: String, tensor: Tensor)]) {
    for layer in 0..<2 {
      for name in ["gate_proj", "up_proj", "down_proj"] {
        let path = "model.layers.\(layer).mlp"
        let parts = (0..<3).compactMap { expert in
          tensors.first { $0.name == "\(path).experts.\(expert).\(name).weight" }?.tensor
        }
        let stacked = Tensor.concatenated(parts.map { $0.reshaped([1] + $0.shape) }, axis: 0)
        tensors.removeAll { $0.name.hasPrefix("\(path).experts.") && $0.name.hasSuffix("\(name).weight") }
        tensors.append(("\(path).switch_mlp.\(name).weight", stacked))
      }
    }
  }

  @Test func `experts are the same in tensors of their own and in one`() throws {
    let rows = TokenRows(documents: [[3, 1, 4, 1, 5, 9, 2, 6]])
    let logits = try [RandomModel(Self.routed), RandomModel(Self.routed, edit: stack)].map { model in
      let decoder = try model.decoder()
      return decoder.logits(decoder.forward(rows)).floats()
    }
    #expect(logits[0] == logits[1])
  }

  @Test func `a tensor of other than as many experts is refused`() throws {
    let model = try RandomModel(Self.routed) { tensors in
      stack(&tensors)
      for index in tensors.indices where tensors[index].name == "model.layers.1.mlp.switch_mlp.up_proj.weight"
      {
        tensors[index].tensor = .zeros([2, 12, 8])
      }
    }
    #expect(
      try complaint(model).message
        == "\(model.path): tensor 'model.layers.1.mlp.switch_mlp.up_proj.weight': has the shape [2, 12, 8], expected one "
        + "matrix or row for each of 3 experts")
  }

  @Test func `scales without a quantization in config.json are refused`() throws {
    let model = try RandomModel { $0.append(("lm_head.scales", .zeros([11, 1]))) }
    #expect(try complaint(model).message.contains("config.json does not say how 'lm_head' is quantized"))
  }

  @Test func `quantized weights that do not fit the configuration are refused`() throws {
    let config = RandomModel.config("llama", ["quantization": ["group_size": 32, "bits": 4]])
    let model = try RandomModel(config) { tensors in
      tensors.removeAll { $0.name == "lm_head.weight" }
      tensors += [
        ("lm_head.weight", .zeros([11, 8], dtype: .u32)), ("lm_head.scales", .zeros([11, 2])),
        ("lm_head.biases", .zeros([11, 2])),
      ]
    }
    #expect(try complaint(model).message.contains("but [11, 8] weights of 4 bits take U32 [11, 1]"))
  }

  @Test func `codes without rows whose columns can't be counted are refused`() throws {
    let config = RandomModel.config("llama", ["quantization": ["group_size": 32, "bits": 4]])
    let model = try RandomModel(config) { tensors in
      tensors.removeAll { $0.name == "lm_head.weight" }
      tensors += [
        ("lm_head.weight", .zeros([0, 1 << 59], dtype: .u32)), ("lm_head.scales", .zeros([11, 1])),
        ("lm_head.biases", .zeros([11, 1])),
      ]
    }
    #expect(try complaint(model).message.contains("[0, 576460752303423488]"))
  }

  @Test func `tensors that the model does not need are listed, the usual extras are not`() throws {
    let config = RandomModel.config("llama", ["tie_word_embeddings": true])
    let model = try RandomModel(config) { tensors in
      for name in [
        "model.layers.0.self_attn.rotary_emb.inv_freq", "lm_head.weight", "model.layers.0.extra.weight",
      ] {
        tensors.append((name, .zeros([2])))
      }
    }
    _ = try model.decoder()
    #expect(try ModelDirectory(path: model.path).ignoredTensors == ["model.layers.0.extra.weight"])
  }

  @Test func `folders without a model are explained`() throws {
    func complaint(_ path: String) throws -> Failure {
      try #require(#expect(throws: Failure.self) { try ModelDirectory(path: path) })
    }
    let scratch = try Scratch()
    #expect(try complaint(scratch.path + "/none").message.hasSuffix("there is no such model folder"))
    #expect(try complaint(scratch.path).message.contains("config.json: is missing"))
    #expect(try complaint(scratch.write("", "file")).message.contains("is a file, expected a model folder"))
    try scratch.write(RandomModel.config().text(), "config.json")
    let failure = try complaint(scratch.path)
    #expect(failure.kind == .notFound)
    #expect(failure.message.contains("neither model.safetensors nor"))
  }

  @Test func `the ids that end a text come from generation_config.json first`() throws {
    let model = try RandomModel(RandomModel.config("llama", ["eos_token_id": 2, "bos_token_id": 1]))
    #expect(try ModelDirectory(path: model.path).eosTokenIDs == [2])
    #expect(try ModelDirectory(path: model.path).bosTokenID == 1)
    try model.scratch.write("{\"eos_token_id\": [3, 4], \"do_sample\": false}", "generation_config.json")
    #expect(try ModelDirectory(path: model.path).eosTokenIDs == [3, 4])
    try model.scratch.write("{\"eos_token_id\": \"3\"}", "generation_config.json")
    let failure = #expect(throws: Failure.self) { try ModelDirectory(path: model.path) }
    #expect(failure?.message.contains("expected a token id or a list of them, found a string") == true)
  }

  @Test(arguments: [5_000_000_000, -1, Int.min])
  func `a number that no token can have as its id is refused`(_ id: Int) throws {
    for key in ["eos_token_id", "bos_token_id"] {
      let model = try RandomModel(RandomModel.config("llama", [key: [.integer(2), .integer(id)]]))
      let failure = #expect(throws: Failure.self) { try ModelDirectory(path: model.path) }
      #expect(failure?.message.hasSuffix("key '\(key)': holds \(id), which no token has as its id") == true)
    }
  }
}
