// Rotary position embedding (Su et al. 2021, RoFormer, arXiv:2104.09864) and the ways to stretch it for longer
// contexts. A new way is a case of `RotaryScaling` and a file beside this one.

import Glibc
import TensorCore

/// How queries and keys are rotated by their position.
package struct RotarySpec: Sendable, Hashable {
  /// How many leading dimensions of each head are rotated.
  package var dimensions: Int
  /// θ: pair i turns by position / base^(2i / dimensions).
  package var base: Float
  package var scaling: RotaryScaling
  package var layout: RotaryTable.PairLayout

  package init(
    dimensions: Int, base: Float, scaling: RotaryScaling, layout: RotaryTable.PairLayout = .half
  ) {
    self.dimensions = dimensions
    self.base = base
    self.scaling = scaling
    self.layout = layout
  }

  /// The same with pairs of neighbours.
  var interleaved: RotarySpec {
    RotarySpec(dimensions: dimensions, base: base, scaling: scaling, layout: .interleaved)
  }

  /// The angle per position of each pair, after scaling, in a sequence of `length` tokens.
  ///
  /// Computed in f32 step by step, as transformers does (modeling_rope_utils.py), since the angles of late positions
  /// depend on the last bits.
  package func inverseFrequencies(length: Int) -> [Float] {
    func plain(_ base: Float) -> [Float] {
      (0..<dimensions / 2).map { 1 / powf(base, Float(2 * $0) / Float(dimensions)) }
    }
    switch scaling {
    case .none: return plain(base)
    case .linear(let factor): return plain(base).map { $0 / factor }
    case .dynamic(let factor, let context):
      guard length > context else { return plain(base) }
      let growth = factor * Float(length) / Float(context) - (factor - 1)
      return plain(base * powf(growth, Float(dimensions) / Float(dimensions - 2)))
    case .llama3(let scaling): return scaling.scaled(plain(base))
    case .yarn(let scaling): return scaling.scaled(plain(base), base: base)
    case .long(let scaling): return scaling.scaled(plain(base), length: length)
    }
  }
}

/// A change to rotary frequencies.
package enum RotaryScaling: Sendable, Hashable {
  case none
  /// Positions divided by a factor (Chen et al. 2023, "Position Interpolation", arXiv:2306.15595).
  case linear(factor: Float)
  /// A base that grows with the sequence once that is longer than the model's context (bloc97 2023, "dynamically scaled
  /// RoPE"; transformers, `_compute_dynamic_ntk_parameters`).
  case dynamic(factor: Float, context: Int)
  case llama3(Llama3RotaryScaling)
  case yarn(YarnRotaryScaling)
  case long(LongRotaryScaling)

  /// Whether frequencies depend on the length of the sequence.
  var dependsOnLength: Bool {
    switch self {
    case .none, .linear, .llama3, .yarn: false
    case .dynamic, .long: true
    }
  }

  /// What cosines and sines are multiplied by.
  var attentionScale: Float {
    switch self {
    case .none, .linear, .dynamic, .llama3: 1
    case .yarn(let scaling): scaling.attentionScale
    case .long(let scaling): scaling.attentionScale
    }
  }
}
