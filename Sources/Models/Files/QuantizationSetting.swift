// How MLX stores one quantized matrix: a mode, the bits of a code, and how many columns share a scale.

import SafeIO
import TensorCore

/// How codes become values; raw values are MLX's names.
package enum QuantizationMode: String, Sendable, CaseIterable {
  /// Integers times a scale plus a bias.
  case affine
  /// Floats of 4 bits times powers of two (OCP Microscaling Formats 1.0).
  case mxfp4
  /// Floats of 4 bits times floats of 8 bits.
  case nvfp4
  /// Floats of 8 bits times powers of two.
  case mxfp8

  /// Bits of a code that the mode has.
  package var supportedBits: [Int] {
    switch self {
    case .affine: GroupedAffineWeights.supportedBits
    case .mxfp4, .nvfp4: [4]
    case .mxfp8: [8]
    }
  }

  /// Columns that can share a scale.
  package var supportedGroupSizes: [Int] {
    switch self {
    case .affine: GroupedAffineWeights.supportedGroupSizes
    case .mxfp4, .mxfp8: [32]
    case .nvfp4: [16]
    }
  }

  /// What mlx-lm takes where nothing is said (utils.py, `defaults_for_mode`).
  package var defaultSetting: QuantizationSetting {
    switch self {
    case .affine: QuantizationSetting(groupSize: 64, bits: 4)
    case .mxfp4: QuantizationSetting(groupSize: 32, bits: 4, mode: .mxfp4)
    case .nvfp4: QuantizationSetting(groupSize: 16, bits: 4, mode: .nvfp4)
    case .mxfp8: QuantizationSetting(groupSize: 32, bits: 8, mode: .mxfp8)
    }
  }

  /// The type of the codes; nil for integers with biases.
  package var number: NumberFormat? {
    switch self {
    case .affine: nil
    case .mxfp4, .nvfp4: .e2m1
    case .mxfp8: .e4m3
    }
  }

  /// Whether scales are powers of two (E8M0) and not E4M3.
  package var hasPowerScales: Bool { self != .nvfp4 }
}

/// How one matrix is quantized.
package struct QuantizationSetting: Sendable, Hashable {
  /// Columns that share a scale.
  package var groupSize: Int
  /// Bits of a code.
  package var bits: Int
  package var mode: QuantizationMode

  package init(groupSize: Int, bits: Int, mode: QuantizationMode = .affine) {
    self.groupSize = groupSize
    self.bits = bits
    self.mode = mode
  }

  /// Whether MLX has this combination.
  package var isSupported: Bool {
    mode.supportedBits.contains(bits) && mode.supportedGroupSizes.contains(groupSize)
  }

  /// For people: `4 bits, groups of 64`, `mxfp4`.
  package var words: String {
    mode == .affine ? "\(bits) bits, groups of \(groupSize)" : mode.rawValue
  }

  /// As mlx-lm writes it.
  package var json: JSONObject {
    ["group_size": .integer(groupSize), "bits": .integer(bits), "mode": .string(mode.rawValue)]
  }
}
