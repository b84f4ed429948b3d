// YaRN (Peng et al. 2023, arXiv:2309.00071; transformers, modeling_rope_utils.py, `_compute_yarn_parameters`).

import Glibc

/// Slow frequencies are divided by a factor, fast ones kept; between two pairs a ramp blends them.
package struct YarnRotaryScaling: Sendable, Hashable {
  package var factor: Float
  /// Pairs that turn so often within the original context, or more often, are kept.
  package var betaFast: Float
  /// Pairs that turn so often, or less, are divided.
  package var betaSlow: Float
  /// The context that the model had before it was stretched, in tokens.
  package var originalContext: Int
  /// Whether the ends of the ramp are whole pairs.
  package var isTruncated: Bool
  /// What cosines and sines are multiplied by.
  package var attentionScale: Float

  /// 0.1 · m · ln(factor) + 1 (equation 22 of the paper).
  static func magnitude(_ factor: Float, _ m: Float = 1) -> Float {
    factor <= 1 ? 1 : 0.1 * m * logf(factor) + 1
  }

  func scaled(_ frequencies: [Float], base: Float) -> [Float] {
    let dimensions = Double(2 * frequencies.count)
    // The pair that turns `rotations` times within the original context.
    func pair(_ rotations: Float) -> Double {
      let context = Double(originalContext)
      return dimensions * log(context / (Double(rotations) * 2 * .pi)) / (2 * log(Double(base)))
    }
    var (low, high) = (pair(betaFast), pair(betaSlow))
    if isTruncated { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, dimensions - 1)
    if low == high { high += 0.001 }
    return frequencies.enumerated().map { index, frequency in
      let ramp = Float(min(1, max(0, (Double(index) - low) / (high - low))))
      return frequency / factor * ramp + frequency * (1 - ramp)
    }
  }
}
