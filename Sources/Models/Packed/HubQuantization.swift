// What `quantization_config` says of weights that other tools have packed: GPTQ, AWQ, compressed-tensors and FP8, as they
// stand on the Hugging Face hub. Bits and groups follow from the shapes of the tensors; what is read here is what shapes
// don't tell, and what must agree with them.

import SafeIO

/// How a model's weights are packed.
package struct HubQuantization: Sendable {
  package enum Method: Sendable, Equatable {
    /// - Parameter zerosAreLessOne: whether stored zeros are one less than the real ones, as in the first version of the
    ///   format.
    case gptq(zerosAreLessOne: Bool)
    case awq(AWQLayout)
    case compressedTensors
    /// FP8 with `weight_scale_inv` or `weight_scale`.
    case fp8
    /// The experts of gpt-oss: `_blocks` and `_scales` of all in one tensor each.
    case mxfp4
  }

  /// Along which axis AutoAWQ packs its words.
  package enum AWQLayout: String, Sendable, CaseIterable {
    case gemm
    case gemv
  }

  package let method: Method
  /// `quant_method`, and what variant it is, for people.
  package let words: String
  /// Bits of integer codes that the configuration allows.
  package let bits: Set<Int>
  /// Columns that share a scale; nil where the configuration does not say, or where all of a row do.
  package let groupSize: Int?
  /// Rows and columns that share a scale of FP8; nil where all do, or a row does.
  package let block: (rows: Int, columns: Int)?
  /// Whether single matrices may have other bits and groups.
  package let hasExceptions: Bool

  private static let methods = ["gptq", "awq", "compressed-tensors", "fp8", "fbgemm_fp8", "mxfp4"]

  /// Whether a converted model keeps the form: it is that of the family, whose experts MLX's formats lay out differently.
  package var isKept: Bool { method == .mxfp4 }

  /// Reads `quantization_config`; nil when it is absent or MLX's.
  ///
  /// - Throws: `Failure.badData` that names a method or variant that is not known.
  package init?(config: JSON, source: String) throws(Failure) {
    let fields = try Fields(config, source: source)
    // Files of older versions of compressed-tensors say `compression_config`.
    let older = try fields.optionalFields("compression_config")
    guard !fields.has("quantization"), let table = try fields.optionalFields("quantization_config") ?? older,
      let name = try table.optionalString("quant_method")
    else { return nil }
    switch name {
    case "gptq": try self.init(gptq: table)
    case "awq": try self.init(awq: table)
    case "compressed-tensors": try self.init(compressedTensors: table)
    case "fp8", "fbgemm_fp8": try self.init(fp8: table, name: name)
    // Which modules are left as they were is what the tensors say.
    case "mxfp4": self.init(.mxfp4, words: name)
    default:
      throw table.complaint(
        "quant_method",
        "weights quantized by '\(name)' can't be read; known: \(Self.methods.joined(separator: ", "))")
    }
  }

  private init(
    _ method: Method, words: String, bits: Set<Int> = [], groupSize: Int? = nil,
    block: (rows: Int, columns: Int)? = nil, hasExceptions: Bool = false
  ) {
    self.method = method
    self.words = words
    self.bits = bits
    self.groupSize = groupSize
    self.block = block
    self.hasExceptions = hasExceptions
  }

  // MARK: GPTQ

  /// AutoGPTQ and GPTQModel: `checkpoint_format` is `gptq` or, with real zeros, `gptq_v2`.
  private init(gptq table: Fields) throws(Failure) {
    let newer = try table.string("format", default: "gptq")
    let format = try table.string("checkpoint_format", default: newer)
    let isMarlin = try table.bool("is_marlin_format", default: false)
    guard ["gptq", "gptq_v2"].contains(format), !isMarlin else {
      throw table.complaint(
        "checkpoint_format", "'\(format)' is packed for one kind of processor; known: gptq, gptq_v2")
    }
    let type = try table.string("pack_dtype", default: "int32")
    guard type == "int32" else {
      throw table.complaint("pack_dtype", "codes packed into '\(type)' can't be read; known: int32")
    }
    let bits = try table.int("bits")
    guard [2, 3, 4, 8].contains(bits) else {
      throw table.complaint("bits", "is \(bits), which GPTQ does not pack; known: 2, 3, 4, 8")
    }
    self.init(
      .gptq(zerosAreLessOne: format == "gptq"), words: "gptq, \(bits) bits\(format == "gptq" ? "" : ", v2")",
      bits: [bits], groupSize: try Self.groupSize(table), hasExceptions: table.has("dynamic"))
  }

  // MARK: AWQ

  /// AutoAWQ, which packs 4 bits along the outputs (`gemm`) or the inputs (`gemv`).
  private init(awq table: Fields) throws(Failure) {
    let name = try table.string("version", default: "gemm").lowercased()
    guard let layout = AWQLayout(rawValue: name) else {
      let known = AWQLayout.allCases.map(\.rawValue).joined(separator: ", ")
      throw table.complaint("version", "AWQ's layout '\(name)' can't be read; known: \(known)")
    }
    let older = try table.int("w_bit", default: 4)
    let bits = try table.int("bits", default: older)
    guard bits == 4 else { throw table.complaint("bits", "is \(bits), AWQ packs 4") }
    let key = table.has("group_size") ? "group_size" : "q_group_size"
    self.init(
      .awq(layout), words: "awq, 4 bits, \(name)", bits: [bits], groupSize: try Self.groupSize(table, key))
  }

  // MARK: compressed-tensors

  /// What vLLM's llm-compressor writes: groups of modules, each with its own number type.
  private init(compressedTensors table: Fields) throws(Failure) {
    let known = [
      "pack-quantized", "int-quantized", "float-quantized", "naive-quantized", "nvfp4-pack-quantized",
      "mxfp4-pack-quantized", "mxfp8-quantized", "mixed-precision", "dense",
    ]
    let format = try table.string("format")
    var formats = [format]
    var bits: Set<Int> = []
    var blocks: [(rows: Int, columns: Int)] = []
    for (name, group) in try table.fields("config_groups").object {
      let fields = try Fields(group, source: "\(table.source): key 'config_groups': key '\(name)'")
      if let own = try fields.optionalString("format") { formats.append(own) }
      guard let weights = try fields.optionalFields("weights") else { continue }
      let width = try weights.int("num_bits")
      guard 1...8 ~= width else { throw weights.complaint("num_bits", "is \(width), expected 1 to 8") }
      if try weights.string("type", default: "int") == "int" { bits.insert(width) }
      if let block = try Self.block(weights, "block_structure") { blocks.append(block) }
    }
    if let unknown = formats.first(where: { !known.contains($0) }) {
      throw table.complaint(
        "format", "'\(unknown)' can't be read; known: \(known.joined(separator: ", "))")
    }
    for key in ["sparsity_config", "transform_config"] {
      guard let part = try table.optionalFields(key), !part.object.isEmpty else { continue }
      let format = try part.string("format", default: key == "sparsity_config" ? "dense" : "")
      guard format == "dense" else {
        throw table.complaint(key, "changes the weights in a way that mlt does not know")
      }
    }
    guard Set(blocks.map { "\($0)" }).count <= 1 else {
      throw table.complaint("config_groups", "blocks of several sizes can't be read")
    }
    self.init(
      .compressedTensors, words: "compressed-tensors, \(format)", bits: bits, block: blocks.first,
      hasExceptions: true)
  }

  // MARK: FP8

  /// DeepSeek's and Qwen's blocks (`weight_block_size`), and one scale for a matrix or a row.
  private init(fp8 table: Fields, name: String) throws(Failure) {
    let format = try table.string("fmt", default: "e4m3")
    guard ["e4m3", "float8_e4m3fn"].contains(format) else {
      throw table.complaint("fmt", "'\(format)' can't be read; known: e4m3")
    }
    self.init(.fp8, words: name, block: try Self.block(table, "weight_block_size"))
  }

  private static func block(_ table: Fields, _ key: String) throws(Failure) -> (rows: Int, columns: Int)? {
    guard let value = table.object[key], !value.isNull else { return nil }
    let texts = value.stringValue?.split(separator: "x").compactMap { Int($0) }
    let sizes = texts ?? value.arrayValue?.compactMap(\.intValue) ?? []
    guard sizes.count == 2, sizes.allSatisfy({ 1...1 << 24 ~= $0 }) else {
      throw table.complaint(key, "expected the rows and columns of a block, found \(value.text().prefix(60))")
    }
    return (sizes[0], sizes[1])
  }

  /// `group_size`; nil for -1, which is all of a row.
  private static func groupSize(
    _ table: Fields, _ key: String = "group_size"
  ) throws(Failure) -> Int? {
    guard let size = try table.optionalInt(key), size != -1 else { return nil }
    guard 1...1 << 24 ~= size else {
      throw table.complaint(key, "is \(size), expected -1 or a number above 0")
    }
    return size
  }
}
