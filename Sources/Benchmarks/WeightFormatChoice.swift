// The forms in which weights are stored, and how products with them round: what a kernel is measured for.

import SafeIO
import TensorCore

/// A form of stored weights.
enum WeightFormatChoice: CustomStringConvertible, Equatable {
  case bf16
  case affine(bits: Int, groupSize: Int)

  /// Those that were asked for: by default bf16, 8 and 4 bits.
  static func all(_ options: BenchmarkOptions) -> [WeightFormatChoice] {
    (options.bits.map { [$0] } ?? [16, 8, 4]).map {
      $0 == 16 ? .bf16 : .affine(bits: $0, groupSize: options.groupSize)
    }
  }

  var description: String {
    switch self {
    case .bf16: "bf16"
    case .affine(let bits, _): "\(bits)-bit"
    }
  }

  var bits: Int {
    switch self {
    case .bf16: 16
    case .affine(let bits, _): bits
    }
  }

  /// How products with such weights can round; only quantized ones do so to 8 bits.
  func arithmetics(_ options: BenchmarkOptions) -> [Arithmetic] {
    options.isExact ? [.exact] : self == .bf16 ? [.exact, .sixteenBit] : [.exact, .sixteenBit, .eightBit]
  }

  /// How generation rounds products with such weights.
  func generating(_ options: BenchmarkOptions) -> Arithmetic {
    options.isExact ? .exact : self == .bf16 ? .sixteenBit : .eightBit
  }

  /// How training does.
  func training(_ options: BenchmarkOptions) -> Arithmetic { options.isExact ? .exact : .sixteenBit }

  func settings(_ arithmetic: Arithmetic) -> JSONObject {
    var settings: JSONObject = ["arithmetic": .string(arithmetic.rawValue)]
    if case .affine(_, let groupSize) = self { settings["group_size"] = .integer(groupSize) }
    return settings
  }

  /// The settings of a model whose name does not tell its format.
  func modelSettings(_ arithmetic: Arithmetic) -> JSONObject {
    (["weights": .string(description)] as JSONObject).merging(settings(arithmetic))
  }

  /// The instructions that products of so many rows with such weights are made of: few rows are multiplied in f32, unless
  /// it is by bytes.
  func limit(_ arithmetic: Arithmetic, rows: Int) -> Limit {
    let hasBytes = bits == 4 || bits == 8
    return switch arithmetic {
    case .eightBit where hasBytes: .int8
    case .exact: .f32
    case .sixteenBit, .eightBit: rows > 8 ? MachineLimits.sixteenBit : .f32
    }
  }

  /// A random matrix.
  func matrix(rows: Int, columns: Int, arithmetic: Arithmetic, seed: Int) throws -> any WeightMatrix {
    switch self {
    case .bf16:
      return DenseWeights(
        RandomNumbers.tensor(
          [rows, columns], dtype: .bf16, deviation: RandomNumbers.weightDeviation, seed: seed),
        arithmetic: arithmetic)
    case .affine(let bits, let groupSize):
      let groups = columns / groupSize
      let (scale, bias) = RandomNumbers.affine(bits: bits)
      return try GroupedAffineWeights(
        codes: RandomNumbers.words([rows, columns * bits / 32], seed: seed),
        scales: Tensor.full([rows, groups], value: scale).cast(to: .bf16),
        biases: Tensor.full([rows, groups], value: bias).cast(to: .bf16),
        bits: bits, groupSize: groupSize, arithmetic: arithmetic, place: "a random matrix")
    }
  }
}
