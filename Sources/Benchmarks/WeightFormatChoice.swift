// The forms in which weights are stored, and how products with them round: what a kernel is measured for.

import Quantization
import SafeIO
import TensorCore

/// How products with stored weights round.
enum Rounding: String {
  /// f32 products.
  case exact

  /// Whether products back, which only training needs, round so too.
  var isForTraining: Bool { true }

  /// Whether generation rounds so.
  var isForInference: Bool { true }
}

/// A form of stored weights.
enum WeightFormatChoice: CustomStringConvertible {
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

  func roundings(_ options: BenchmarkOptions) -> [Rounding] { [.exact] }

  func settings(_ rounding: Rounding) -> JSONObject {
    var settings: JSONObject = ["arithmetic": .string(rounding.rawValue)]
    if case .affine(_, let groupSize) = self { settings["group_size"] = .integer(groupSize) }
    return settings
  }

  /// The settings of a model whose name does not tell its format.
  func modelSettings(_ rounding: Rounding) -> JSONObject {
    var settings: JSONObject = ["weights": .string(description)]
    for (key, value) in self.settings(rounding) { settings[key] = value }
    return settings
  }

  /// The instructions that such products are made of.
  func limit(_ rounding: Rounding) -> Limit { .f32 }

  /// A random matrix.
  func matrix(rows: Int, columns: Int, rounding: Rounding, seed: Int) throws -> any WeightMatrix {
    switch self {
    case .bf16:
      return DenseWeights(
        RandomNumbers.tensor([rows, columns], dtype: .bf16, deviation: 0.02, seed: seed))
    case .affine(let bits, let groupSize):
      let groups = columns / groupSize
      let scale = Float(0.02 * 3.46) / Float(1 << bits)  // a uniform code then has a deviation of 0.02
      return try GroupedAffineWeights(
        codes: RandomNumbers.words([rows, columns * bits / 32], seed: seed),
        scales: Tensor.full([rows, groups], value: scale).cast(to: .bf16),
        biases: Tensor.full([rows, groups], value: -scale * Float(1 << (bits - 1))).cast(to: .bf16),
        bits: bits, groupSize: groupSize, place: "a random matrix")
    }
  }
}
