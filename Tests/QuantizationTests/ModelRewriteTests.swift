// Whole models: quantized as mlx-lm does it, converted, and back.

import Models
import Quantization
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `Rewriting a model` {
  private let scratch: Scratch
  private let out: String

  init() throws {
    scratch = try Scratch()
    out = "\(scratch.path)/out"
    try Files.makeDirectory(out)
  }

  private func rewrite(
    _ model: String, to folder: String? = nil, dtype: DType? = nil, plan: QuantizationPlan? = nil,
    dequantizing: Bool = false
  ) throws -> RewriteReport {
    if let folder { try Files.makeDirectory(folder) }
    return try ModelRewrite(ModelDirectory(path: model), dtype: dtype, plan: plan, dequantizing: dequantizing)
      .write(into: folder ?? out)
  }

  private func json(_ path: String) throws -> JSON { try JSON.read(path: path) }

  /// Everything but how the source spells its rotary settings: mlx-lm was given the older form.
  private func expectSameModel(_ ours: String, _ theirs: String) throws {
    #expect(try difference(ours, theirs) == nil)
    #expect(try WeightFormat.open(path: ours).metadata == ["format": "mlx"])
    #expect(
      try Files.readText(path: "\(ours)/model.safetensors.index.json")
        == Files.readText(path: "\(theirs)/model.safetensors.index.json"))
    var config = try #require(try json("\(ours)/config.json").objectValue)
    config.removeValue(forKey: "rope_parameters")
    #expect(try JSON.object(config) == json("\(theirs)/config.json"))
  }

  // MARK: Quantizing

  @Test func `a quantized model is that of mlx-lm, tensor for tensor`() throws {
    let report = try rewrite(QuantizationGoldens.base, plan: QuantizationPlan(bits: 4, groupSize: 32))
    try expectSameModel(out, QuantizationGoldens.quantized)
    #expect(
      report.matrices.allSatisfy { $0.storage == .quantized(QuantizationSetting(groupSize: 32, bits: 4)) })
    #expect(report.matrices.allSatisfy { $0.bitsPerWeight == 5 })
  }

  @Test func `from a source in the older form, config json is that of mlx-lm to the byte`() throws {
    let source = "\(scratch.path)/source"
    try copyOfModel(QuantizationGoldens.base, to: source)
    var config = try #require(try json("\(QuantizationGoldens.quantized)/config.json").objectValue)
    config.removeValue(forKey: "quantization")
    config.removeValue(forKey: "quantization_config")
    try Files.writeAtomically(JSON.object(config).text(), to: "\(source)/config.json")
    _ = try rewrite(source, plan: QuantizationPlan(bits: 4, groupSize: 32))
    #expect(
      try Files.readText(path: "\(out)/config.json")
        == Files.readText(path: "\(QuantizationGoldens.quantized)/config.json"))
  }

  @Test(
    .enabled(if: Shared.has("goldens/mlx"), "the large goldens lie beside the repository"),
    arguments: [
      ("tiny-llama-q4-g32", 4, 32), ("tiny-llama-q4-g64", 4, 64), ("tiny-llama-q4-g128", 4, 128),
      ("tiny-llama-q8-g32", 8, 32), ("tiny-llama-q8-g64", 8, 64), ("tiny-qwen2-q4-g32", 4, 32),
    ])
  func `every whole-model golden is reproduced`(name: String, bits: Int, groupSize: Int) throws {
    let base = name.split(separator: "-").prefix(2).joined(separator: "-")
    _ = try rewrite(
      Shared.file("goldens/base/\(base)"), plan: QuantizationPlan(bits: bits, groupSize: groupSize))
    try expectSameModel(out, Shared.file("goldens/mlx/\(name)"))
  }

  @Test(.enabled(if: Shared.has("goldens/mlx"), "the large goldens lie beside the repository"))
  func `a model of small floats is that of mlx-lm`() throws {
    let report = try rewrite(Shared.file("goldens/base/tiny-llama"), plan: QuantizationPlan(mode: .mxfp4))
    try expectSameModel(out, Shared.file("goldens/mlx/tiny-llama-mxfp4"))
    #expect(report.matrices.contains { $0.storage == .quantized(QuantizationMode.mxfp4.defaultSetting) })
  }

  @Test(arguments: [QuantizationMode.mxfp4, .nvfp4, .mxfp8])
  func `small floats are read back, and floats of them are the same values`(mode: QuantizationMode) throws {
    let report = try rewrite(QuantizationGoldens.base, plan: QuantizationPlan(mode: mode))
    let error = try #require(report.error)
    #expect(error.relative > 0.005 && error.relative < 0.2)
    let wide = "\(scratch.path)/wide"
    _ = try rewrite(out, to: wide, dtype: .f32, dequantizing: true)
    let (model, floats) = (try ModelDirectory(path: out), try ModelDirectory(path: wide))
    for (stored, plain) in zip(try model.storedParameters(), try floats.storedParameters())
    where stored.isQuantized {
      #expect(try model.matrix(stored).expanded().floats() == floats.matrix(plain).expanded().floats())
    }
    #expect(floats.quantization == nil)
  }

  @Test func `a mode's bits, groups and recipes are checked before anything is read`() {
    for (mode, bits, group, words) in [
      (QuantizationMode.mxfp4, 8, nil as Int?, "8 bits are not supported; mxfp4 has 4"),
      (.nvfp4, 4, 32, "groups of 32 are not supported; nvfp4 has 16"),
      (.affine, 7, nil, "7 bits are not supported; choose 2, 3, 4, 5, 6 or 8"),
    ] {
      #expect(throws: Failure.usage(words)) {
        try QuantizationPlan(mode: mode, bits: bits, groupSize: group)
      }
    }
    #expect(throws: Failure.self) { try QuantizationPlan(mode: .mxfp8, recipe: .mixed3and4) }
  }

  @Test(.enabled(if: Shared.has("goldens/mlx"), "the large goldens lie beside the repository"))
  func `a recipe of mixed precision is that of mlx-lm`() throws {
    let report = try rewrite(
      Shared.file("goldens/base/tiny-llama"),
      plan: QuantizationPlan(bits: 4, groupSize: 64, recipe: .mixed3and6))
    try expectSameModel(out, Shared.file("goldens/mlx/tiny-llama-mixed_3_6"))
    #expect(
      report.matrices.contains { $0.storage == .quantized(QuantizationSetting(groupSize: 64, bits: 3)) })
    #expect(
      report.matrices.contains { $0.storage == .quantized(QuantizationSetting(groupSize: 64, bits: 6)) })
    // What was written is read back with the right bits for each matrix.
    #expect(throws: Never.self) { try ModelDirectory(path: out).storedParameters() }
  }

  @Test func `matrices whose rows are no whole groups keep their type`() throws {
    let report = try rewrite(QuantizationGoldens.base, plan: QuantizationPlan(bits: 8, groupSize: 64))
    #expect(report.matrices.allSatisfy { $0.storage != .floats(.bf16) })
    let wide = try ModelRewrite(
      ModelDirectory(path: QuantizationGoldens.base), plan: QuantizationPlan(bits: 8, groupSize: 64))
    #expect(wide.dropped.isEmpty)
    #expect(
      throws: Failure.usage(
        "no matrix of \(QuantizationGoldens.base) has rows of whole groups of 128; choose a smaller group size"
      )
    ) {
      try ModelRewrite(
        ModelDirectory(path: QuantizationGoldens.base), plan: QuantizationPlan(bits: 8, groupSize: 128))
    }
  }

  @Test func `bits per weight count scales, biases and norms, as mlx-lm does`() throws {
    let report = try rewrite(QuantizationGoldens.base, plan: QuantizationPlan(bits: 4, groupSize: 32))
    let index = try json("\(out)/model.safetensors.index.json")
    let size = try #require(index["metadata"]?["total_size"]?.intValue)
    let parameters = try #require(index["metadata"]?["total_parameters"]?.intValue)
    #expect(report.bitsPerWeight == Double(size * 8) / Double(parameters))
    let error = try #require(report.error)
    #expect(error.relative > 0.01 && error.relative < 0.2)
  }

  @Test func `the report names matrices in the order of the model, not of the file`() throws {
    let report = try rewrite(QuantizationGoldens.base, plan: QuantizationPlan(bits: 4, groupSize: 32))
    let matrices = try ModelDirectory(path: QuantizationGoldens.base).storedParameters()
      .filter { $0.parameter.role == .matrix }.map(\.path)
    #expect(report.matrices.map(\.path) == matrices)
    #expect(matrices != matrices.sorted())
  }

  @Test func `casting comes before quantizing`() throws {
    _ = try rewrite(QuantizationGoldens.base, dtype: .f32, plan: QuantizationPlan(bits: 4, groupSize: 32))
    let weights = try ShardedWeights(directory: out)
    #expect(try weights.tensor("model.layers.0.mlp.up_proj.scales").dtype == .f32)
    #expect(try weights.tensor("model.norm.weight").dtype == .f32)
    #expect(try json("\(out)/config.json")["dtype"] == "float32")
    let golden = try ShardedWeights(directory: QuantizationGoldens.quantized)
    let name = "model.layers.0.mlp.up_proj.weight"
    #expect(try weights.tensor(name).bytes == golden.tensor(name).bytes)
  }

  // MARK: Converting

  @Test func `converting keeps every byte of the weights, and twice is once`() throws {
    let report = try rewrite(QuantizationGoldens.base)
    #expect(try difference(out, QuantizationGoldens.base) == nil)
    #expect(try WeightFormat.open(path: out).metadata == ["format": "pt"])
    #expect(report.error == nil)
    let again = "\(scratch.path)/again"
    _ = try rewrite(out, to: again)
    #expect(try Files.list(again) == Files.list(out))
    for name in try Files.list(out) {
      #expect(try Files.read(path: "\(again)/\(name)") == Files.read(path: "\(out)/\(name)"), "\(name)")
    }
  }

  @Test func `a quantized model stays quantized, also from a file with odd offsets`() throws {
    _ = try rewrite(QuantizationGoldens.quantized)
    try expectSameModel(out, QuantizationGoldens.quantized)
  }

  @Test func `the rotary settings are also written where older readers look`() throws {
    _ = try rewrite(QuantizationGoldens.base)
    let config = try json("\(out)/config.json")
    #expect(config["rope_theta"] == 1_000_000.0 && config["rope_scaling"] == .null)
    #expect(config["rope_parameters"] == ["rope_theta": 1_000_000.0, "rope_type": "default"])
  }

  @Test(arguments: [DType.f32, .f16])
  func `another type is rounded to and named in the configuration`(type: DType) throws {
    _ = try rewrite(QuantizationGoldens.base, dtype: type)
    let (ours, base) = (
      try ShardedWeights(directory: out), try ShardedWeights(directory: QuantizationGoldens.base)
    )
    for entry in base.entries {
      let expected = try base.tensor(entry.name).cast(to: .f32).cast(to: type)
      #expect(try ours.tensor(entry.name).bytes == expected.bytes)
      #expect(ours.entry(entry.name)?.dtype == type)
    }
    #expect(try json("\(out)/config.json")["dtype"] == (type == .f32 ? "float32" : "float16"))
  }

  @Test func `both spellings of the weights' type are kept up`() throws {
    let source = "\(scratch.path)/source"
    try copyOfModel(QuantizationGoldens.base, to: source)
    var config = try #require(try json("\(source)/config.json").objectValue)
    config["torch_dtype"] = "bfloat16"
    try Files.writeAtomically(JSON.object(config).text(), to: "\(source)/config.json")
    _ = try rewrite(source, dtype: .f32)
    let written = try json("\(out)/config.json")
    #expect(written["dtype"] == "float32" && written["torch_dtype"] == "float32")
  }

  @Test func `a value beyond float16 is refused with its place`() throws {
    let source = "\(scratch.path)/source"
    try copyOfModel(QuantizationGoldens.base, to: source)
    try replace("model.norm.weight", in: source) { tensor in
      var values = tensor.floats()
      values[5] = 70000
      return Tensor(values, shape: tensor.shape).cast(to: .bf16)
    }
    #expect(
      throws: Failure.badData(
        "\(source): tensor 'model.norm.weight'",
        "element 5 is too large for float16, which ends at 65504; use bfloat16")
    ) { try rewrite(source, dtype: .f16) }
  }

  // MARK: Dequantizing

  @Test(arguments: [nil, DType.f32])
  func `dequantizing gives the values that MLX gives, in the type asked for`(type: DType?) throws {
    _ = try rewrite(QuantizationGoldens.quantized, dtype: type, dequantizing: true)
    let (ours, golden) = (
      try ShardedWeights(directory: out), try ShardedWeights(directory: QuantizationGoldens.quantized)
    )
    #expect(
      ours.entries.map(\.name)
        == (try ShardedWeights(directory: QuantizationGoldens.base)).entries.map(\.name))
    for path in ["model.embed_tokens", "model.layers.1.mlp.down_proj"] {
      let (scales, biases) = (try golden.tensor("\(path).scales"), try golden.tensor("\(path).biases"))
      let expected = try golden.tensor("\(path).weight").withBytes {
        AffineQuantizer.dequantize(
          codes: $0, scales: scales.cast(to: type ?? .bf16), biases: biases.cast(to: type ?? .bf16), bits: 4,
          groupSize: 32)
      }
      #expect(try ours.tensor("\(path).weight").bytes == expected.bytes)
    }
    let config = try json("\(out)/config.json")
    #expect(config["quantization"] == nil && config["quantization_config"] == nil)
    #expect(try WeightFormat.open(path: out).metadata == ["format": "pt"])
  }

  @Test func `in float32 a dequantized model computes what the quantized one does`() throws {
    _ = try rewrite(QuantizationGoldens.quantized, dtype: .f32, dequantizing: true)
    let ours = try ShardedWeights(directory: out)
    let golden = try ShardedWeights(directory: QuantizationGoldens.quantized)
    let path = "model.layers.0.self_attn.q_proj"
    let weights = try GroupedAffineWeights(
      codes: golden.tensor("\(path).weight"), scales: golden.tensor("\(path).scales"),
      biases: golden.tensor("\(path).biases"), bits: 4, groupSize: 32, place: path)
    #expect(try ours.tensor("\(path).weight").bytes == weights.expanded().bytes)
  }

  // MARK: Refusals and notes

  /// Rewrites the only weight file of a model with one tensor changed, or left out.
  private func replace(_ name: String, in folder: String, _ change: (Tensor) -> Tensor?) throws {
    let source = try SafetensorsFile(path: "\(folder)/model.safetensors")
    let tensors = try source.entries.compactMap { entry -> (name: String, tensor: Tensor)? in
      let tensor = try source.tensor(entry.name)
      guard let changed = entry.name == name ? change(tensor) : tensor else { return nil }
      return (entry.name, changed)
    }
    try SafetensorsWriter.write(
      path: "\(folder)/model.safetensors", tensors: tensors, metadata: source.metadata)
  }

  @Test func `what is quantized already is not quantized again`() throws {
    #expect {
      try ModelRewrite(
        ModelDirectory(path: QuantizationGoldens.quantized), plan: QuantizationPlan(bits: 4, groupSize: 64))
    } throws: { error in
      (error as? Failure)?.message.contains("is quantized already (4 bits, groups of 32)") ?? false
    }
    #expect(
      throws: Failure.usage("\(QuantizationGoldens.base) is not quantized; there is nothing to dequantize")
    ) {
      try ModelRewrite(ModelDirectory(path: QuantizationGoldens.base), dequantizing: true)
    }
  }

  @Test func `bits and groups that do not exist are refused with those that do`() {
    #expect(throws: Failure.usage("7 bits are not supported; choose 2, 3, 4, 5, 6 or 8")) {
      try QuantizationPlan(bits: 7, groupSize: 64)
    }
    #expect(throws: Failure.usage("groups of 48 are not supported; choose 32, 64 or 128")) {
      try QuantizationPlan(bits: 4, groupSize: 48)
    }
  }

  @Test func `a missing tensor and one of the wrong shape are named`() throws {
    let source = "\(scratch.path)/source"
    try copyOfModel(QuantizationGoldens.base, to: source)
    try replace("model.norm.weight", in: source) { _ in Tensor.zeros([65], dtype: .bf16) }
    #expect(
      throws: Failure.badData(
        "\(source): tensor 'model.norm.weight'",
        "has the shape [65], expected [64]; config.json and weights disagree")
    ) { try ModelRewrite(ModelDirectory(path: source)) }
    try replace("model.norm.weight", in: source) { _ in nil }
    #expect(
      throws: Failure.badData(
        source, "the weights lack the tensor 'model.norm.weight', which config.json calls for")
    ) { try ModelRewrite(ModelDirectory(path: source)) }
  }

  @Test func `tensors that the model does not use are left out and named`() throws {
    let source = "\(scratch.path)/source"
    try copyOfModel(QuantizationGoldens.base, to: source)
    let file = try SafetensorsFile(path: "\(source)/model.safetensors")
    var tensors = try file.entries.map { (name: $0.name, tensor: try file.tensor($0.name)) }
    tensors.append(("model.layers.0.self_attn.rotary_emb.inv_freq", Tensor.zeros([8])))
    tensors.append(("model.extra", Tensor.zeros([3])))
    try SafetensorsWriter.write(path: "\(source)/model.safetensors", tensors: tensors)
    let report = try rewrite(source)
    #expect(report.dropped == ["model.extra", "model.layers.0.self_attn.rotary_emb.inv_freq"])
    #expect(report.unknown == ["model.extra"])
    #expect(try difference(out, QuantizationGoldens.base) == nil)
  }

  @Test func `the files that tell how to speak with a model come along, notes about the old one do not`()
    throws
  {
    let source = "\(scratch.path)/source"
    try copyOfModel(QuantizationGoldens.base, to: source)
    let kept = [
      "LICENSE", "chat_template.jinja", "merges.txt", "tokenizer.json", "tokenizer_config.json",
      "triage.json",
    ]
    for name in kept + ["README.md", "golden.json", "manifest.json", "log.jsonl"] {
      try Files.writeAtomically("{}", to: "\(source)/\(name)")
    }
    _ = try rewrite(source)
    #expect(
      Set(try Files.list(out)) == Set(kept + ["config.json", "generation_config.json", "model.safetensors"]))
  }
}

@Suite struct `Recipes of mixed precision` {
  @Test(arguments: zip(MixedRecipe.allCases, [(2, 6), (3, 4), (3, 6), (4, 6)]))
  func `have low bits, and high ones where it matters`(recipe: MixedRecipe, bits: (low: Int, high: Int)) {
    func layers(_ module: String) -> [Int] {
      (0..<16).filter { recipe.bits(path: "model.layers.\($0).\(module)", layerCount: 16) == bits.high }
    }
    // The first and last eighth of sixteen layers, and every third from the second eighth on.
    #expect(layers("mlp.down_proj") == [0, 1, 4, 7, 10, 13, 14, 15])
    #expect(layers("self_attn.v_proj") == layers("mlp.down_proj"))
    #expect(layers("self_attn.k_proj") == [])
    #expect(recipe.bits(path: "lm_head", layerCount: 16) == bits.high)
    #expect(recipe.bits(path: "model.embed_tokens", layerCount: 16) == bits.low)
  }
}
