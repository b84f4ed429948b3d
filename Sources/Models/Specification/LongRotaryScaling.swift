// LongRoPE (Ding et al. 2024, arXiv:2402.13753; transformers, modeling_rope_utils.py, `_compute_longrope_parameters`).

import Glibc

/// Each frequency is divided by a factor of its own, and longer sequences have other factors.
package struct LongRotaryScaling: Sendable, Hashable {
  /// One for each pair, for sequences of up to `originalContext` tokens.
  package var shortFactors: [Float]
  /// One for each pair, for longer ones.
  package var longFactors: [Float]
  /// The context that the model had before it was stretched, in tokens.
  package var originalContext: Int
  /// What cosines and sines are multiplied by.
  package var attentionScale: Float

  /// The scale of a model whose context grew by `factor`.
  static func attentionScale(factor: Double, originalContext: Int) -> Float {
    factor <= 1 ? 1 : Float(sqrt(1 + log(factor) / log(Double(originalContext))))
  }

  /// `length`: tokens of the sequence.
  func scaled(_ frequencies: [Float], length: Int) -> [Float] {
    let factors = length > originalContext ? longFactors : shortFactors
    return zip(frequencies, factors).map { $0 / $1 }
  }
}
