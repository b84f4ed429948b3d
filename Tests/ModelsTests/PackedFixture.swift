// Models packed as other tools pack them, made bit by bit from what their formats say, with the values worked out the slow
// way.

import SafeIO
import TensorCore
import TestSupport
import WeightFiles

/// Numbers of a test.
struct PackingRandom: RandomNumberGenerator {
  var state: UInt64 = 1

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func integers(_ range: Range<Int>, _ count: Int) -> [Int] {
    (0..<count).map { _ in Int.random(in: range, using: &self) }
  }

  mutating func scales(_ shape: [Int], _ type: DType) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { _ in Float.random(in: 0.001...0.02, using: &self) }, shape: shape)
      .cast(to: type)
  }
}

/// A way to pack a matrix.
struct Packing: Sendable, CustomStringConvertible {
  let description: String
  /// `quantization_config`.
  let config: JSON
  /// The tensors of a matrix `[rows, columns]` by the last part of their names, and its values.
  let pack:
    @Sendable (_ rows: Int, _ columns: Int, _ random: inout PackingRandom) -> ([String: Tensor], [Float])
  /// Whether MLX's formats hold the values.
  var isMLX = true

  // MARK: Words

  /// Codes of each line as a stream of bits, `[lines, words]`.
  static func words(_ lines: [[Int]], bits: Int) -> [[Int32]] {
    lines.map { codes in
      var words = [UInt32](repeating: 0, count: (codes.count * bits + 31) / 32)
      for (index, code) in codes.enumerated() {
        for bit in 0..<bits where code >> bit & 1 == 1 {
          words[(index * bits + bit) / 32] |= 1 << UInt32((index * bits + bit) % 32)
        }
      }
      return words.map { Int32(bitPattern: $0) }
    }
  }

  /// Rows of `width` elements.
  static func rows<Element>(_ flat: [Element], _ width: Int) -> [[Element]] {
    stride(from: 0, to: flat.count, by: width).map { Array(flat[$0..<$0 + width]) }
  }

  static func turned<Element>(_ rows: [[Element]]) -> [[Element]] {
    (rows.first ?? []).indices.map { column in rows.map { $0[column] } }
  }

  static func tensor(_ rows: [[Int32]]) -> Tensor {
    Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
  }

  static func tensor(_ numbers: [Int], _ shape: [Int], _ type: DType) -> Tensor {
    Tensor(numbers.map(Int32.init), shape: shape).cast(to: type)
  }

  // MARK: Methods

  static func gptq(bits: Int, group: Int, isSecond: Bool, ordersByActivation: Bool) -> Packing {
    let name =
      "gptq, \(bits) bits, group \(group)\(isSecond ? ", v2" : "")\(ordersByActivation ? ", act-order" : "")"
    return Packing(
      description: name,
      config: [
        "quant_method": "gptq", "bits": .integer(bits), "group_size": .integer(group), "sym": false,
        "desc_act": .bool(ordersByActivation), "checkpoint_format": isSecond ? "gptq_v2" : "gptq",
      ],
      pack: { rows, columns, random in
        let size = group == -1 ? columns : group
        let groups = columns / size
        let codes = Self.rows(random.integers(0..<1 << bits, columns * rows), rows)  // [columns, rows]
        let zeros = Self.rows(random.integers(1..<1 << bits, groups * rows), rows)  // [groups, rows]
        let scales = random.scales([groups, rows], .f16)
        var index = (0..<columns).map { $0 / size }
        if ordersByActivation { index.shuffle(using: &random) }
        let s = Self.rows(scales.floats(), rows)
        let values = (0..<rows * columns).map { place in
          let (row, column) = place.quotientAndRemainder(dividingBy: columns)
          return Float(codes[column][row] - zeros[index[column]][row]) * s[index[column]][row]
        }
        let stored = zeros.map { $0.map { isSecond ? $0 : $0 - 1 } }
        return (
          [
            "qweight": tensor(turned(words(turned(codes), bits: bits))),
            "qzeros": tensor(words(stored, bits: bits)), "scales": scales,
            "g_idx": tensor(index, [columns], .i32), "bias": Tensor.zeros([rows], dtype: .f16),
          ], values
        )
      }, isMLX: !ordersByActivation || group == -1)
  }

  static func awq(group: Int, byRows: Bool) -> Packing {
    Packing(
      description: "awq, group \(group), \(byRows ? "gemv" : "gemm")",
      config: [
        "quant_method": "awq", "bits": 4, "group_size": .integer(group), "zero_point": true,
        "version": byRows ? "gemv" : "GEMM",
      ],
      pack: { rows, columns, random in
        let groups = columns / group
        let codes = Self.rows(random.integers(0..<16, rows * columns), columns)
        let zeros = Self.rows(random.integers(0..<16, rows * groups), groups)
        let scales = random.scales([rows, groups], .f16)
        let s = Self.rows(scales.floats(), groups)
        let values = (0..<rows * columns).map { place in
          let (row, column) = place.quotientAndRemainder(dividingBy: columns)
          return Float(codes[row][column] - zeros[row][column / group]) * s[row][column / group]
        }
        if byRows {
          let multiple = group == 32 ? 4 : group == 64 ? 2 : 1
          let width = ((groups + 7) / 8 + multiple - 1) / multiple * multiple
          let wide = zeros.map { $0 + Array(repeating: 0, count: 8 * width - groups) }
          let padded = s.flatMap { $0 + Array(repeating: 0, count: 8 * width - groups) }
          return (
            [
              "qweight": tensor(words(codes, bits: 4)), "qzeros": tensor(words(wide, bits: 4)),
              "scales": Tensor(padded, shape: [rows, 8 * width]).cast(to: .f16),
            ], values
          )
        }
        // From the lowest bits up, a word holds the codes 0 2 4 6 1 3 5 7 of eight outputs.
        func interleaved(_ lines: [[Int]]) -> [[Int]] {
          lines.map { line in
            stride(from: 0, to: line.count, by: 8).flatMap { start in
              [0, 2, 4, 6, 1, 3, 5, 7].map { line[start + $0] }
            }
          }
        }
        return (
          [
            "qweight": tensor(words(interleaved(turned(codes)), bits: 4)),
            "qzeros": tensor(words(interleaved(turned(zeros)), bits: 4)),
            "scales": Tensor(turned(s).flatMap { $0 }, shape: [groups, rows]).cast(to: .f16),
          ], values
        )
      })
  }

  private static func compressed(_ format: String, _ weights: JSON) -> JSON {
    [
      "quant_method": "compressed-tensors", "format": .string(format), "quantization_status": "compressed",
      "ignore": ["lm_head"], "config_groups": ["group_0": ["targets": ["Linear"], "weights": weights]],
    ]
  }

  /// - Parameter group: 0 for a scale a row.
  static func packed(bits: Int, group: Int, isSigned: Bool, type: DType = .bf16, listed: Bool = false)
    -> Packing
  {
    let kind = "\(isSigned ? "" : ", zeros")\(listed ? ", g_idx" : "")"
    return Packing(
      description: "pack-quantized, \(bits) bits, group \(group), \(type)\(kind)",
      config: compressed(
        "pack-quantized", ["num_bits": .integer(bits), "type": "int", "symmetric": .bool(isSigned)]),
      pack: { rows, columns, random in
        let size = group == 0 ? columns : group
        let groups = columns / size
        let half = 1 << (bits - 1)
        let codes = Self.rows(random.integers(-half..<half, rows * columns), columns)
        let zeros = Self.rows(
          isSigned ? [Int](repeating: 0, count: rows * groups) : random.integers(-half..<half, rows * groups),
          groups)
        let scales = random.scales([rows, groups], type)
        var index = (0..<columns).map { $0 / size }
        if listed { index.shuffle(using: &random) }
        let s = Self.rows(scales.floats(), groups)
        let values = (0..<rows * columns).map { place in
          let (row, column) = place.quotientAndRemainder(dividingBy: columns)
          return Float(codes[row][column] - zeros[row][index[column]]) * s[row][index[column]]
        }
        var parts = [
          "weight_packed": tensor(words(codes.map { $0.map { $0 + half } }, bits: bits)),
          "weight_scale": scales,
          "weight_shape": tensor([rows, columns], [2], .i64),
        ]
        if !isSigned {
          parts["weight_zero_point"] = tensor(
            turned(words(turned(zeros.map { $0.map { $0 + half } }), bits: bits)))
        }
        if listed { parts["weight_g_idx"] = tensor(index, [columns], .i32) }
        return (parts, values)
      }, isMLX: !listed && type != .f32)
  }

  static func bytes(isSigned: Bool) -> Packing {
    Packing(
      description: "int-quantized\(isSigned ? "" : ", zeros")",
      config: compressed("int-quantized", ["num_bits": 8, "type": "int", "symmetric": .bool(isSigned)]),
      pack: { rows, columns, random in
        let codes = random.integers(-128..<128, rows * columns)
        let zeros = isSigned ? [Int](repeating: 0, count: rows) : random.integers(-128..<128, rows)
        let scales = random.scales([rows, 1], .bf16)
        let s = scales.floats()
        let values = codes.indices.map { Float(codes[$0] - zeros[$0 / columns]) * s[$0 / columns] }
        var parts = ["weight": tensor(codes, [rows, columns], .i8), "weight_scale": scales]
        if !isSigned { parts["weight_zero_point"] = tensor(zeros, [rows, 1], .i8) }
        return (parts, values)
      })
  }

  /// FP8 with scales of blocks; nil for one scale.
  static func fp8(block: (rows: Int, columns: Int)?, type: DType) -> Packing {
    Packing(
      description: "fp8, \(block.map { "blocks of \($0)" } ?? "one scale"), \(type)",
      config: [
        "quant_method": "fp8",
        "weight_block_size": block.map { [.integer($0.rows), .integer($0.columns)] } ?? nil,
      ],
      pack: { rows, columns, random in
        let codes = Tensor(
          (0..<rows * columns).map { _ in Float.random(in: -2...2, using: &random) }, shape: [rows, columns]
        ).cast(to: .f8e4m3)
        let (height, width) = (block?.rows ?? rows, block?.columns ?? columns)
        let across = (columns + width - 1) / width
        let scales = random.scales(block == nil ? [] : [(rows + height - 1) / height, across], type)
        let (c, s) = (codes.floats(), scales.floats())
        let values = c.indices.map { c[$0] * s[$0 / columns / height * across + $0 % columns / width] }
        return (["weight": codes, "weight_scale_inv": scales, "activation_scale": Tensor(1)], values)
      }, isMLX: false)
  }

  /// FP8 of compressed-tensors with a scale a row.
  static let fp8Rows = Packing(
    description: "float-quantized, a scale a row",
    config: compressed("float-quantized", ["num_bits": 8, "type": "float", "strategy": "channel"]),
    pack: { rows, columns, random in
      let codes = Tensor(
        (0..<rows * columns).map { _ in Float.random(in: -2...2, using: &random) }, shape: [rows, columns]
      ).cast(to: .f8e4m3)
      let scales = random.scales([rows, 1], .bf16)
      let (c, s) = (codes.floats(), scales.floats())
      return (["weight": codes, "weight_scale": scales], c.indices.map { c[$0] * s[$0 / columns] })
    }, isMLX: false)

  /// NVFP4 of compressed-tensors, or MXFP4.
  static func fp4(hasPowers: Bool) -> Packing {
    Packing(
      description: hasPowers ? "mxfp4-pack-quantized" : "nvfp4-pack-quantized",
      config: compressed(
        hasPowers ? "mxfp4-pack-quantized" : "nvfp4-pack-quantized",
        ["num_bits": 4, "type": "float", "group_size": .integer(hasPowers ? 32 : 16)]),
      pack: { rows, columns, random in
        let numbers: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]
        let size = hasPowers ? 32 : 16
        let codes = random.integers(0..<16, rows * columns)
        let bytes = Self.rows(codes, 2).map { $0[0] | $0[1] << 4 }
        let groups = [rows, columns / size]
        var parts = ["weight_packed": tensor(bytes, [rows, columns / 2], .u8)]
        var scales: [Float]
        if hasPowers {
          let exponents = random.integers(115..<124, groups[0] * groups[1])
          parts["weight_scale"] = tensor(exponents, groups, .u8)
          scales = exponents.map { Float(sign: .plus, exponent: $0 - 127, significand: 1) }
        } else {
          let stored = Tensor(
            (0..<groups[0] * groups[1]).map { _ in Float.random(in: 50...300, using: &random) }, shape: groups
          ).cast(to: .f8e4m3)
          parts["weight_scale"] = stored
          parts["weight_global_scale"] = Tensor([Float(5_321.5)])
          scales = stored.floats().map { $0 / 5_321.5 }
        }
        return (parts, codes.indices.map { numbers[codes[$0]] * scales[$0 / size] })
      }, isMLX: hasPowers)
  }

  static let all: [Packing] =
    [2, 3, 4, 8].flatMap { bits in
      [
        gptq(bits: bits, group: 32, isSecond: false, ordersByActivation: false),
        gptq(bits: bits, group: -1, isSecond: true, ordersByActivation: false),
        gptq(bits: bits, group: 32, isSecond: bits == 4, ordersByActivation: true),
      ]
    } + [
      awq(group: 32, byRows: false), awq(group: 64, byRows: false), awq(group: 32, byRows: true),
      awq(group: 64, byRows: true), bytes(isSigned: true), bytes(isSigned: false),
      packed(bits: 4, group: 32, isSigned: true, listed: true),
      packed(bits: 4, group: 32, isSigned: false, type: .f32),
      packed(bits: 8, group: 0, isSigned: true), packed(bits: 4, group: 0, isSigned: true),
      fp8(block: (48, 40), type: .f32), fp8(block: (32, 32), type: .bf16), fp8(block: nil, type: .f32),
      fp8Rows,
      fp4(hasPowers: true), fp4(hasPowers: false),
    ] + (2...8).map { packed(bits: $0, group: 32, isSigned: false) }
}

/// A small Llama whose linear layers are packed.
struct PackedModel {
  static let shapes: [(path: String, rows: Int, columns: Int)] = [
    ("self_attn.q_proj", 64, 64), ("self_attn.k_proj", 32, 64), ("self_attn.v_proj", 32, 64),
    ("self_attn.o_proj", 64, 64), ("mlp.gate_proj", 128, 64), ("mlp.up_proj", 128, 64),
    ("mlp.down_proj", 64, 128),
  ].map { ("model.layers.0.\($0.0)", $0.1, $0.2) }

  /// By module path.
  let values: [String: [Float]]
  var tensors: [String: Tensor]
  var config: JSONObject

  init(_ packing: Packing) {
    var random = PackingRandom()
    var (tensors, values) = ([String: Tensor](), [String: [Float]]())
    for (path, rows, columns) in Self.shapes {
      let (parts, own) = packing.pack(rows, columns, &random)
      for (name, tensor) in parts { tensors["\(path).\(name)"] = tensor }
      values[path] = own
    }
    for (name, shape) in [
      ("model.embed_tokens.weight", [40, 64]), ("lm_head.weight", [40, 64]), ("model.norm.weight", [64]),
      ("model.layers.0.input_layernorm.weight", [64]),
      ("model.layers.0.post_attention_layernorm.weight", [64]),
    ] {
      let numbers = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
      tensors[name] = Tensor(numbers, shape: shape).cast(to: .bf16)
    }
    self.tensors = tensors
    self.values = values
    config = [
      "model_type": "llama", "hidden_act": "silu", "hidden_size": 64, "intermediate_size": 128,
      "num_hidden_layers": 1,
      "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32, "vocab_size": 40,
      "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
      "tie_word_embeddings": false,
      "torch_dtype": "bfloat16", "quantization_config": packing.config,
    ]
  }

  func write(to folder: String) throws {
    try Files.makeDirectory(folder)
    try Files.writeAtomically(JSON.object(config).text(), to: "\(folder)/config.json")
    try SafetensorsWriter.write(
      path: "\(folder)/model.safetensors",
      tensors: tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }
}
