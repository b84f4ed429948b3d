// Weights that other tools have packed: their values, MLX's form of them, and files that lie.

import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `Packed models` {
  private let scratch: Scratch
  private var folder: String { "\(scratch.path)/model" }

  init() throws { scratch = try Scratch() }

  @Test(arguments: Packing.all) func `every value is that of the format, bit for bit`(packing: Packing) throws
  {
    let packed = PackedModel(packing)
    try packed.write(to: folder)
    let model = try ModelDirectory(path: folder)
    #expect(model.isQuantized && model.quantization == nil)
    #expect(model.ignoredTensors == [])
    var found = 0
    for stored in try model.storedParameters() {
      guard let values = packed.values[stored.path], case .packed(let form, _) = stored.form else { continue }
      found += 1
      #expect(try model.matrix(stored).expanded().floats() == values, "\(stored.path)")
      let matrix = try model.opened(form)
      let rows = 3..<stored.parameter.shape[0]
      let columns = stored.parameter.shape[1]
      #expect(matrix.floats(rows: rows).floats() == Array(values[(3 * columns)...]), "\(stored.path)")
      #expect((matrix.mlx != nil) == packing.isMLX)
      guard let (setting, _) = matrix.mlx else { continue }
      let parts = matrix.mlxParts(rows: rows)
      let same: any WeightMatrix =
        if let number = setting.mode.number {
          GroupedScaledWeights(
            number, codes: parts[0], columns: columns,
            scales: parts[1].scales(arePowers: setting.mode.hasPowerScales),
            groups: .runs(of: setting.groupSize))
        } else {
          try GroupedAffineWeights(
            codes: parts[0], scales: parts[1], biases: parts[2], bits: setting.bits,
            groupSize: setting.groupSize,
            place: stored.path)
        }
      #expect(same.expanded().floats() == Array(values[(3 * columns)...]), "\(stored.path), MLX")
    }
    #expect(found == PackedModel.shapes.count)
  }

  @Test(arguments: [
    Packing.awq(group: 32, byRows: false), .fp8(block: nil, type: .f32), .fp4(hasPowers: false),
  ])
  func `products in 8 bits are near those that are exact`(packing: Packing) throws {
    try PackedModel(packing).write(to: folder)
    let model = try ModelDirectory(path: folder)
    let ids = TokenRows(documents: [[1, 5, 7, 30, 22, 11, 2, 9, 9, 9, 31]])
    let (exact, fast) = (try Decoder(model), try Decoder(model, arithmetic: .eightBit))
    let (wanted, found) = (exact.logits(exact.forward(ids)).floats(), fast.logits(fast.forward(ids)).floats())
    let size = wanted.map(\.magnitude).max() ?? 0
    #expect(difference(wanted, found) < 0.05 * size)
  }

  @Test func `floats of 8 bits without scales are widened`() throws {
    var model = PackedModel(.fp8Rows)
    model.config["quantization_config"] = nil
    for (path, _, _) in PackedModel.shapes { model.tensors["\(path).weight_scale"] = nil }
    try model.write(to: folder)
    let directory = try ModelDirectory(path: folder)
    for stored in try directory.storedParameters() where stored.path.hasSuffix("_proj") {
      let floats = try #require(model.tensors[stored.parameter.name]).floats()
      #expect(try directory.matrix(stored).expanded().floats() == floats)
    }
  }

  @Test func `groups in the order of activations are products as fast as others`() throws {
    let packing = Packing.gptq(bits: 4, group: 32, isSecond: false, ordersByActivation: true)
    let packed = PackedModel(packing)
    try packed.write(to: folder)
    let model = try ModelDirectory(path: folder)
    let stored = try #require(try model.storedParameters().first { $0.path == Self.path })
    let values = Tensor(try #require(packed.values[Self.path]), shape: [64, 64])
    let (weights, plain) = (try model.matrix(stored), DenseWeights(values))
    #expect(weights is ReorderedWeights && weights.byteCount < values.count)
    var random = PackingRandom(state: 3)
    let x = random.scales([9, 64], .f32)
    #expect(difference(weights.multiply(x).floats(), plain.multiply(x).floats()) < 1e-5)
    #expect(difference(weights.multiplyBack(x).floats(), plain.multiplyBack(x).floats()) < 1e-5)
    #expect(weights.gather([5, 0, 5]).floats() == plain.gather([5, 0, 5]).floats())
    let back = Gemm.multiplyBack([x, x], by: [weights, weights]).floats()
    #expect(difference(back, plain.multiplyBack(x).floats().map { 2 * $0 }) < 1e-5)
  }

  // MARK: Files that lie

  static let path = PackedModel.shapes[0].path

  struct Lie: CustomStringConvertible {
    let packing: Packing
    let description: String
    let change: @Sendable (inout PackedModel) -> Void
  }

  static let gptq = Packing.gptq(bits: 4, group: 32, isSecond: false, ordersByActivation: false)
  static let awq = Packing.awq(group: 32, byRows: false)
  static let pack = Packing.packed(bits: 4, group: 32, isSigned: false)

  private static func replace(_ packing: Packing, _ name: String, _ tensor: Tensor?, saying words: String)
    -> Lie
  {
    nonisolated(unsafe) let tensor = tensor  // a constant
    return Lie(packing: packing, description: words) { $0.tensors["\(path).\(name)"] = tensor }
  }

  private static func configure(_ packing: Packing, _ key: String, _ value: JSON, saying words: String) -> Lie
  {
    Lie(packing: packing, description: words) { model in
      var object = model.config["quantization_config"]?.objectValue ?? [:]
      object[key] = value
      model.config["quantization_config"] = .object(object)
    }
  }

  static let lies: [Lie] = [
    replace(
      gptq, "g_idx", Packing.tensor((0..<64).map { $0 == 5 ? 7 : $0 / 32 }, [64], .i32),
      saying: "puts column 5 into group 7, but there are scales for 2 groups"),
    replace(
      gptq, "g_idx", Packing.tensor((0..<64).map { $0 == 5 ? -2 : $0 / 32 }, [64], .i32),
      saying: "puts column 5 into group -2"),
    replace(
      gptq, "g_idx", Packing.tensor([0, 1], [2], .i32), saying: "is I32 [2], expected I32 or I64 [64]"),
    replace(gptq, "scales", nil, saying: "q_proj.scales', which gptq, 4 bits calls for"),
    replace(gptq, "qzeros", nil, saying: "q_proj.qzeros', which gptq, 4 bits calls for"),
    replace(gptq, "qweight", nil, saying: "q_proj.weight', which config.json calls for"),
    replace(
      gptq, "qweight", Tensor.zeros([7, 64], dtype: .i32),
      saying: "is I32 [7, 64], which does not hold [64, 64] weights of 4 bits"),
    replace(
      gptq, "qweight", Tensor.zeros([8, 63], dtype: .i32),
      saying: "is I32 [8, 63], expected I32 or U32 [8, 64]"),
    replace(
      gptq, "qzeros", Tensor.zeros([2, 9], dtype: .i32), saying: "is I32 [2, 9], expected I32 or U32 [2, 8]"),
    replace(
      gptq, "scales", Tensor.zeros([3, 64], dtype: .f16), saying: "is I32 [2, 8], expected I32 or U32 [3, 8]"),
    replace(
      gptq, "scales", Tensor.zeros([2, 64], dtype: .i32),
      saying: "is I32 [2, 64], expected F16 or BF16 or F32"),
    replace(gptq, "scales", Tensor.zeros([], dtype: .f16), saying: "is F16 [], expected"),
    replace(
      gptq, "bias", Tensor.zeros([65]), saying: "is a bias that the architecture of config.json does not have"
    ),
    replace(
      gptq, "qweight", Tensor.zeros([1 << 59, 0], dtype: .u8),
      saying: "is U8 [576460752303423488, 0], which does not hold [64, 64] weights of 4 bits"),
    replace(
      gptq, "bias", Tensor.full([64], value: 0.5),
      saying: "is a bias that the architecture of config.json does not have"),
    configure(gptq, "bits", 5, saying: "key 'bits': is 5, which GPTQ does not pack"),
    configure(gptq, "bits", 8, saying: "which does not hold [64, 64] weights of 8 bits"),
    configure(gptq, "group_size", 0, saying: "key 'group_size': is 0"),
    configure(gptq, "group_size", 64, saying: "does not scale 64 columns in groups of 64"),
    configure(
      gptq, "checkpoint_format", "marlin",
      saying: "'marlin' is packed for one kind of processor; known: gptq, gptq_v2"),
    configure(
      gptq, "quant_method", "bitsandbytes",
      saying: "weights quantized by 'bitsandbytes' can't be read; known: gptq, awq"),
    configure(awq, "version", "exllama", saying: "AWQ's layout 'exllama' can't be read; known: gemm, gemv"),
    configure(awq, "version", "gemv", saying: "weights in awq, 4 bits, gemv"),
    replace(awq, "qzeros", Tensor.zeros([2, 7], dtype: .i32), saying: "is I32 [2, 7], expected"),
    replace(
      pack, "weight_shape", Packing.tensor([64, 63], [2], .i64), saying: "says [64, 63], expected [64, 64]"),
    replace(
      pack, "weight_scale", Tensor.zeros([64, 3], dtype: .bf16),
      saying: "is BF16 [64, 3], which are no scales"),
    replace(
      pack, "weight_scale", Tensor.zeros([64, 0], dtype: .bf16),
      saying: "is BF16 [64, 0], which are no scales"),
    replace(
      pack, "weight_zero_point", Tensor.zeros([8, 3], dtype: .i32),
      saying: "is I32 [8, 3], expected I32 [8, 2]"),
    replace(
      pack, "weight_packed", Tensor.zeros([64, 9], dtype: .i32),
      saying: "does not hold rows of 64 codes of 4 bits"),
    configure(pack, "format", "marlin-24", saying: "'marlin-24' can't be read; known: pack-quantized"),
    configure(pack, "config_groups", ["a": ["weights": ["num_bits": 99]]], saying: "is 99, expected 1 to 8"),
    configure(pack, "sparsity_config", ["format": "sparse-bitmask"], saying: "changes the weights in a way"),
    replace(.fp8Rows, "weight_scale", nil, saying: "q_proj.weight_scale', which compressed-tensors"),
    replace(
      .fp8Rows, "weight_scale", Tensor.zeros([63, 1]), saying: "is F32 [63, 1], which are no scales for rows"),
    replace(
      .fp8(block: (48, 40), type: .f32), "weight_scale_inv", Tensor.zeros([2, 3]),
      saying: "is F32 [2, 3], which are no scales for rows or blocks of [48, 40]"),
    configure(
      .fp8(block: (48, 40), type: .f32), "weight_block_size", [0, 128],
      saying: "expected the rows and columns of a block"),
    configure(.fp8(block: (48, 40), type: .f32), "fmt", "e5m2", saying: "'e5m2' can't be read; known: e4m3"),
    replace(.fp4(hasPowers: false), "weight_global_scale", nil, saying: "q_proj.weight_global_scale', which"),
    Lie(packing: .fp8Rows, description: "is there, but config.json does not say how") {
      $0.config["quantization_config"] = nil
    },
  ]

  @Test(arguments: lies.indices) func `a file that lies is refused in a sentence`(index: Int) throws {
    let lie = Self.lies[index]
    var model = PackedModel(lie.packing)
    lie.change(&model)
    try model.write(to: folder)
    let failure = #expect(throws: Failure.self, "\(lie)") {
      let directory = try ModelDirectory(path: folder)
      for stored in try directory.storedParameters() {
        if case .packed(let form, _) = stored.form { _ = try directory.opened(form) }
      }
    }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains(lie.description) == true, "\(lie): \(failure?.message ?? "")")
  }
}
