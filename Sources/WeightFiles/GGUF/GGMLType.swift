// The element types of GGUF files, numbered as in ggml (`enum ggml_type`, ggml/include/ggml.h): plain numbers, and blocks
// of few bits. Types that mlt does not read keep their names here, so that an error can say which one it was.

import TensorCore

/// How the elements of a tensor in a GGUF file are stored.
package enum GGMLType: Sendable, Hashable {
  case plain(DType)
  case blocks(BlockFormat)

  private static let plainTypes: [(code: UInt32, dtype: DType, name: String)] = [
    (0, .f32, "F32"), (1, .f16, "F16"), (30, .bf16, "BF16"), (28, .f64, "F64"), (24, .i8, "I8"),
    (25, .i16, "I16"), (26, .i32, "I32"), (27, .i64, "I64"),
  ]

  private static let blockTypes: [(code: UInt32, format: BlockFormat, name: String)] = [
    (2, .q40, "Q4_0"), (3, .q41, "Q4_1"), (6, .q50, "Q5_0"), (7, .q51, "Q5_1"), (8, .q80, "Q8_0"),
    (10, .q2K, "Q2_K"), (11, .q3K, "Q3_K"), (12, .q4K, "Q4_K"), (13, .q5K, "Q5_K"), (14, .q6K, "Q6_K"),
    (20, .iq4NL, "IQ4_NL"), (23, .iq4XS, "IQ4_XS"), (39, .mxfp4, "MXFP4"),
  ]

  private static let otherTypes: [UInt32: String] = [
    9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S",
    29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 40: "NVFP4",
  ]

  /// The names of all types that are read.
  package static var names: [String] { plainTypes.map(\.name) + blockTypes.map(\.name) }

  /// The type of a number in a file, nil when mlt does not read it.
  init?(code: UInt32) {
    if let plain = Self.plainTypes.first(where: { $0.code == code }) {
      self = .plain(plain.dtype)
    } else if let blocks = Self.blockTypes.first(where: { $0.code == code }) {
      self = .blocks(blocks.format)
    } else {
      return nil
    }
  }

  /// What ggml calls the type of a number, whether mlt reads it or not.
  static func name(ofCode code: UInt32) -> String {
    Self(code: code)?.name ?? otherTypes[code] ?? "number \(code)"
  }

  package var name: String {
    switch self {
    case .plain(let dtype): Self.plainTypes.first { $0.dtype == dtype }?.name ?? dtype.rawValue
    case .blocks(let format): Self.blockTypes.first { $0.format == format }?.name ?? format.rawValue
    }
  }

  var code: UInt32 {
    let code =
      switch self {
      case .plain(let dtype): Self.plainTypes.first { $0.dtype == dtype }?.code
      case .blocks(let format): Self.blockTypes.first { $0.format == format }?.code
      }
    guard let code else { preconditionFailure("GGUF has no number for \(self)") }
    return code
  }

  /// Elements that are stored together; rows are whole blocks.
  package var blockSize: Int {
    switch self {
    case .plain: 1
    case .blocks(let format): format.blockSize
    }
  }

  /// Bytes of a block.
  package var blockBytes: Int {
    switch self {
    case .plain(let dtype): dtype.size
    case .blocks(let format): format.blockBytes
    }
  }

  /// Bytes of a row; the length is a multiple of the block.
  package func rowBytes(_ length: Int) -> Int { length / blockSize * blockBytes }
}
