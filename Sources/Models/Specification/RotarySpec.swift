// Rotary position embedding (Su et al. 2021, RoFormer, arXiv:2104.09864) and the ways to stretch it for longer
// contexts. A new way is a case of `RotaryScaling` and a file beside this one.

import Glibc

/// How queries and keys are rotated by their position.
package struct RotarySpec: Sendable, Hashable {
  /// How many leading dimensions of each head are rotated, in pairs (i, i + dimensions / 2).
  package var dimensions: Int
  /// θ: pair i turns by position / base^(2i / dimensions).
  package var base: Float
  package var scaling: RotaryScaling

  package init(dimensions: Int, base: Float, scaling: RotaryScaling) {
    self.dimensions = dimensions
    self.base = base
    self.scaling = scaling
  }

  /// The angle per position of each pair, after scaling.
  ///
  /// Computed in f32 step by step, as transformers does (modeling_rope_utils.py), since the angles of late positions
  /// depend on the last bits.
  package var inverseFrequencies: [Float] {
    let plain = (0..<dimensions / 2).map { 1 / powf(base, Float(2 * $0) / Float(dimensions)) }
    return scaling.scaled(plain)
  }
}

/// A change to rotary frequencies.
package enum RotaryScaling: Sendable, Hashable {
  case none
  /// Positions divided by a factor (Chen et al. 2023, "Position Interpolation", arXiv:2306.15595).
  case linear(factor: Float)
  case llama3(Llama3RotaryScaling)

  func scaled(_ frequencies: [Float]) -> [Float] {
    switch self {
    case .none: frequencies
    case .linear(let factor): frequencies.map { $0 / factor }
    case .llama3(let scaling): scaling.scaled(frequencies)
    }
  }
}
