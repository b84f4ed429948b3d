// Finds the parts of packed matrices in a model's files. What each method stores was taken from its own code: AutoGPTQ
// (qlinear_cuda_old.py) and GPTQModel (model_dequant.py), AutoAWQ (gemm.py, gemv.py, packing_utils.py), compressed-tensors
// (pack_quantized, naive_quantized, nvfp4, mxfp4, mxfp8), transformers (integrations/finegrained_fp8.py).

import SafeIO
import TensorCore
import WeightFiles

/// Looks for one matrix.
struct PackedFinder {
  let weights: any WeightSource
  let hub: HubQuantization
  /// The folder, for errors.
  let place: String
  let parameter: ParameterSpec
  /// The module's path as the files spell it.
  let path: String

  private var rows: Int { parameter.shape[0] }
  private var columns: Int { parameter.shape[1] }

  /// What the codes of a matrix are called.
  static let codeNames = ["weight", "qweight", "weight_packed"]

  /// What may stand beside the parts that make up a matrix: about activations, or said by the shapes as well.
  private static let companions = [
    "weight_shape", "input_scale", "input_zero_point", "input_global_scale", "input_scale_ub",
    "activation_scale",
    "output_scale", "output_zero_point",
  ]

  /// Everything that may belong to a matrix.
  static let parts =
    codeNames + companions + [
      "qzeros", "scales", "g_idx", "bias", "weight_scale", "weight_scale_inv", "weight_zero_point",
      "weight_g_idx",
      "weight_global_scale",
    ]

  /// The form of the matrix; nil when it is not packed.
  ///
  /// - Throws: `Failure.badData` that names the tensor which is missing, or has another type or shape than the others and
  ///   config.json call for.
  func find() throws(Failure) -> PackedForm? {
    switch hub.method {
    case .gptq(let zerosAreLessOne):
      guard let codes = part("qweight") else { return nil }
      return try gptq(codes, zerosAreLessOne: zerosAreLessOne)
    case .awq(let layout):
      guard let codes = part("qweight") else { return nil }
      return try layout == .gemm ? awq(codes) : awqByRows(codes)
    case .compressedTensors:
      if let codes = part("weight_packed") {
        return try codes.dtype == .u8 ? smallFloats(codes) : packedIntegers(codes)
      }
      guard let codes = part("weight"), let number = Self.number(codes.dtype) else { return nil }
      return try number == .int8 ? bytes(codes) : floats(codes, number, scales: required("weight_scale"))
    case .fp8:
      guard let codes = part("weight"), let number = Self.number(codes.dtype), number != .int8 else {
        return nil
      }
      let name = part("weight_scale_inv") == nil ? "weight_scale" : "weight_scale_inv"
      return try floats(codes, number, scales: required(name))
    case .mxfp4: return try stackedFloats()
    }
  }

  private static func number(_ type: DType) -> NumberFormat? {
    switch type {
    case .f8e4m3: .e4m3
    case .f8e5m2: .e5m2
    case .i8: .int8
    default: nil
    }
  }

  // MARK: GPTQ

  /// `qweight` `[columns · bits / 32, rows]`, `qzeros` `[groups, rows · bits / 32]`, `scales` `[groups, rows]`, and
  /// `g_idx` `[columns]`.
  private func gptq(_ codes: TensorEntry, zerosAreLessOne: Bool) throws(Failure) -> PackedForm {
    let bits = try bits(codes, words: codes.shape.first ?? 0, of: columns)
    guard columns * bits % 32 == 0, rows * bits % 32 == 0 else {
      throw problem(codes, "is there, but \(parameter.shape) codes of \(bits) bits do not fill words")
    }
    try expect(codes, [.i32, .u32], [columns * bits / 32, rows])
    let (scales, zeros) = (try required("scales"), try required("qzeros"))
    let groups = scales.shape.first ?? 0
    try expect(scales, Self.scaleTypes, [groups, rows])
    try expect(zeros, [.i32, .u32], [groups, rows * bits / 32])
    let size = try groupSize(scales, count: groups)
    var list = PackedIntegers.Groups.runs(of: size)
    if let index = part("g_idx") {
      try expect(index, [.i32, .i64], [columns])
      list = .listed(index, runs: size)
    }
    return .integers(
      PackedIntegers(
        rows: rows, columns: columns, bits: bits,
        codes: .words(codes, WordLayout(.alongRow, bits: bits, wordStride: rows, lineStride: 1)),
        scales: scales, scalesAreTransposed: true, groupCount: groups,
        zeros: .words(
          zeros,
          WordLayout(.alongColumn, bits: bits, wordStride: 1, lineStride: rows * bits / 32),
          offset: zerosAreLessOne ? 1 : 0), groups: list))
  }

  // MARK: AWQ

  /// `qweight` `[columns, rows / 8]`, `qzeros` `[groups, rows / 8]`, `scales` `[groups, rows]`.
  private func awq(_ codes: TensorEntry) throws(Failure) -> PackedForm {
    guard rows % 8 == 0 else { throw problem(codes, "is there, but \(rows) outputs do not fill words") }
    try expect(codes, [.i32, .u32], [columns, rows / 8])
    let (scales, zeros) = (try required("scales"), try required("qzeros"))
    let groups = scales.shape.first ?? 0
    try expect(scales, Self.scaleTypes, [groups, rows])
    try expect(zeros, [.i32, .u32], [groups, rows / 8])
    let layout = WordLayout(
      .alongColumn, bits: 4, wordStride: 1, lineStride: rows / 8, isInterleaved: true)
    return .integers(
      PackedIntegers(
        rows: rows, columns: columns, bits: 4, codes: .words(codes, layout), scales: scales,
        scalesAreTransposed: true, groupCount: groups, zeros: .words(zeros, layout, offset: 0),
        groups: .runs(of: try groupSize(scales, count: groups))))
  }

  /// `qweight` `[rows, columns / 8]`, `qzeros` `[rows, words]` and `scales` `[rows, 8 · words]`, where words are enough for
  /// the groups of a row, and a multiple of 4 for groups of 32, of 2 for groups of 64.
  private func awqByRows(_ codes: TensorEntry) throws(Failure) -> PackedForm {
    let size = hub.groupSize ?? columns
    guard columns % 8 == 0, columns % size == 0 else {
      throw problem(codes, "is there, but rows of \(columns) are no whole words or groups of \(size)")
    }
    try expect(codes, [.i32, .u32], [rows, columns / 8])
    let (scales, zeros) = (try required("scales"), try required("qzeros"))
    let multiple = max(1, 128 / max(size, 32))
    let words = (columns / size + 8 * multiple - 1) / (8 * multiple) * multiple
    try expect(scales, Self.scaleTypes, [rows, 8 * words])
    try expect(zeros, [.i32, .u32], [rows, words])
    return .integers(
      PackedIntegers(
        rows: rows, columns: columns, bits: 4,
        codes: .words(codes, WordLayout(.alongRow, bits: 4, wordStride: 1, lineStride: columns / 8)),
        scales: scales, scalesAreTransposed: false, groupCount: columns / size,
        zeros: .words(
          zeros, WordLayout(.alongRow, bits: 4, wordStride: 1, lineStride: words), offset: 0),
        groups: .runs(of: size)))
  }

  // MARK: compressed-tensors

  /// `weight_packed` `[rows, columns · bits / 32]`, `weight_scale` `[rows, groups]`, and for integers without a sign
  /// `weight_zero_point` `[rows · bits / 32, groups]`; `weight_g_idx` `[columns]`.
  private func packedIntegers(_ codes: TensorEntry) throws(Failure) -> PackedForm {
    let fitting = hub.bits.filter { codes.shape.last == ($0 * columns + 31) / 32 }
    guard let bits = fitting.min(), fitting.count == 1 else {
      let known = hub.bits.sorted().map(String.init).joined(separator: ", ")
      throw problem(
        codes, "is \(described(codes)), which does not hold rows of \(columns) codes of \(known) bits")
    }
    try expect(codes, [.i32], [rows, (bits * columns + 31) / 32])
    if let shape = part("weight_shape") { try checkShape(shape) }
    let scales = try required("weight_scale")
    let groups = try groups(scales)
    var zeros = PackedIntegers.Zeros.constant(1 << (bits - 1))
    if let entry = part("weight_zero_point") {
      let words = (rows * bits + 31) / 32
      try expect(entry, [.i32], [words, groups])
      zeros = .words(
        entry, WordLayout(.alongColumn, bits: bits, wordStride: groups, lineStride: 1), offset: 0)
    }
    return .integers(
      PackedIntegers(
        rows: rows, columns: columns, bits: bits,
        codes: .words(
          codes, WordLayout(.alongRow, bits: bits, wordStride: 1, lineStride: codes.shape[1])),
        scales: scales, scalesAreTransposed: false, groupCount: groups, zeros: zeros,
        groups: try listed(groups: groups)))
  }

  /// `weight` i8 `[rows, columns]`, `weight_scale` and, for integers without a sign, `weight_zero_point`.
  private func bytes(_ codes: TensorEntry) throws(Failure) -> PackedForm {
    try expect(codes, [.i8], parameter.shape)
    let scales = try required("weight_scale")
    let groups = try groups(scales)
    var zeros = PackedIntegers.Zeros.constant(128)
    if let entry = part("weight_zero_point") {
      guard entry.dtype == .i8, entry.shape == scales.shape else {
        throw problem(
          entry, "is \(described(entry)), expected I8 \(scales.shape), the shape of the scales")
      }
      zeros = .bytes(entry)
    }
    return .integers(
      PackedIntegers(
        rows: rows, columns: columns, bits: 8, codes: .bytes(codes), scales: scales,
        scalesAreTransposed: false,
        groupCount: groups, zeros: zeros, groups: try listed(groups: groups)))
  }

  /// `weight_packed` u8 `[rows, columns / 2]` with either `weight_scale` u8 (powers of two) for groups of 32, or E4M3 for groups of
  /// 16 and `weight_global_scale`, which divides them.
  private func smallFloats(_ codes: TensorEntry) throws(Failure) -> PackedForm {
    let scales = try required("weight_scale")
    let size = scales.dtype == .u8 ? 32 : 16
    guard columns % size == 0 else {
      throw problem(codes, "is there, but rows of \(columns) are no whole groups of \(size)")
    }
    try expect(codes, [.u8], [rows, columns / 2])
    try expect(scales, [.u8, .f8e4m3], [rows, columns / size])
    let divisor = size == 16 ? try required("weight_global_scale") : nil
    if let divisor { try expect(divisor, [.f32], [1]) }
    return .floats(
      PackedFloats(
        rows: rows, columns: columns, number: .e2m1, codes: StoredTensor(codes),
        scales: StoredTensor(scales), extent: .group(size), divisor: divisor))
  }

  /// `weight` `[rows, columns]` with scales for all, for rows, for groups of a row or for blocks.
  private func floats(
    _ codes: TensorEntry, _ number: NumberFormat, scales: TensorEntry
  ) throws(Failure) -> PackedForm {
    try expect(codes, [codes.dtype], parameter.shape)
    guard Self.scaleTypes.contains(scales.dtype) || [.u8, .f8e8m0].contains(scales.dtype) else {
      throw problem(scales, "is \(described(scales)), expected scales")
    }
    let extent: PackedFloats.Extent
    switch (scales.shape.count, scales.shape.first, scales.shape.last) {
    case (0, _, _), (1, 1, _), (2, 1, 1): extent = .matrix
    case (1, rows, _), (2, rows, 1): extent = .row
    case (2, let height, let width):
      if let block = hub.block, height == (rows + block.rows - 1) / block.rows,
        width == (columns + block.columns - 1) / block.columns
      {
        extent = .block(rows: block.rows, columns: block.columns)
      } else if height == rows, let width, width > 0, columns % width == 0 {
        extent = .group(columns / width)
      } else {
        fallthrough
      }
    default:
      let blocks = hub.block.map { " or blocks of [\($0.rows), \($0.columns)]" } ?? ""
      throw problem(
        scales, "is \(described(scales)), which are no scales for rows\(blocks) of \(parameter.shape) weights"
      )
    }
    return .floats(
      PackedFloats(
        rows: rows, columns: columns, number: number, codes: StoredTensor(codes),
        scales: StoredTensor(scales), extent: extent, divisor: nil))
  }

  /// `_blocks` `[experts, rows, columns / 32, 16]` and `_scales` `[experts, rows, columns / 32]`, bytes of two codes and powers
  /// of two.
  private func stackedFloats() throws(Failure) -> PackedForm? {
    guard let stack = parameter.stack, let codes = weights.entry("\(path)_blocks") else { return nil }
    guard let scales = weights.entry("\(path)_scales") else {
      throw .badData(place, "the weights lack the tensor '\(path)_scales', which \(hub.words) calls for")
    }
    guard columns % 32 == 0 else {
      throw problem(codes, "is there, but rows of \(columns) are no whole groups of 32")
    }
    try expect(codes, [.u8], [stack.count, rows, columns / 32, 16])
    try expect(scales, [.u8], [stack.count, rows, columns / 32])
    let part = StoredTensor.Part(index: stack.index, count: stack.count)
    return .floats(
      PackedFloats(
        rows: rows, columns: columns, number: .e2m1, codes: StoredTensor(codes, part: part),
        scales: StoredTensor(scales, part: part), extent: .group(32), divisor: nil))
  }

  // MARK: Parts

  private static let scaleTypes: [DType] = [.f16, .bf16, .f32]

  private func part(_ name: String) -> TensorEntry? { weights.entry("\(path).\(name)") }

  private func required(_ name: String) throws(Failure) -> TensorEntry {
    guard let entry = part(name) else {
      throw .badData(place, "the weights lack the tensor '\(path).\(name)', which \(hub.words) calls for")
    }
    return entry
  }

  /// The bits with which `count` codes take `words` words.
  private func bits(_ entry: TensorEntry, words: Int, of count: Int) throws(Failure) -> Int {
    let allowed = hub.hasExceptions ? [2, 3, 4, 8] : hub.bits
    guard let bits = allowed.first(where: { count * $0 % 32 == 0 && count * $0 / 32 == words }) else {
      let known = allowed.sorted().map(String.init).joined(separator: ", ")
      throw problem(
        entry, "is \(described(entry)), which does not hold \(parameter.shape) weights of \(known) bits")
    }
    return bits
  }

  /// Columns of each of `count` groups.
  private func groupSize(_ scales: TensorEntry, count: Int) throws(Failure) -> Int {
    let stated = hub.groupSize ?? columns
    if count == (columns + stated - 1) / stated { return stated }
    guard hub.hasExceptions, count > 0, columns % count == 0 else {
      throw problem(
        scales, "is \(described(scales)), which does not scale \(columns) columns in groups of \(stated)")
    }
    return columns / count
  }

  /// Scales in a row of `weight_scale`: one for all, one for a row, or one for each of equal groups.
  private func groups(_ scales: TensorEntry) throws(Failure) -> Int {
    let shape = scales.shape
    let count = shape.count == 2 ? shape[1] : 1
    let fits = shape.isEmpty || shape == [1] || shape == [rows] || shape.count == 2 && shape[0] == rows
    guard Self.scaleTypes.contains(scales.dtype), fits, count > 0, columns % count == 0 else {
      throw problem(
        scales, "is \(described(scales)), which are no scales for groups in \(parameter.shape) weights")
    }
    return count
  }

  private func listed(groups count: Int) throws(Failure) -> PackedIntegers.Groups {
    guard let index = part("weight_g_idx") else { return .runs(of: columns / count) }
    try expect(index, [.i32, .i64], [columns])
    return .listed(index, runs: columns / count)
  }

  private func checkShape(_ entry: TensorEntry) throws(Failure) {
    try expect(entry, [.i64, .i32], [2])
    let shape = try weights.tensor(entry.name).integers()
    guard shape == parameter.shape else {
      throw problem(entry, "says \(shape), expected \(parameter.shape); config.json and weights disagree")
    }
  }

  private func expect(_ entry: TensorEntry, _ types: [DType], _ shape: [Int]) throws(Failure) {
    guard types.contains(entry.dtype), entry.shape == shape else {
      throw problem(
        entry,
        "is \(described(entry)), expected \(types.map(\.safetensorsName).joined(separator: " or ")) \(shape) for "
          + "\(parameter.shape) weights in \(hub.words)")
    }
  }

  private func described(_ entry: TensorEntry) -> String { "\(entry.dtype.safetensorsName) \(entry.shape)" }

  private func problem(_ entry: TensorEntry, _ problem: String) -> Failure {
    .badData("\(place): tensor '\(entry.name)'", problem)
  }
}
