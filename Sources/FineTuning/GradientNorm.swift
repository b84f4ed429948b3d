// The length of the whole gradient: what is logged, what clipping compares, and how a NaN anywhere is noticed.
//
// UNSAFE, on purpose: the loop reads a tensor's memory while it is lent.

import TensorCore

/// The Euclidean norm over many tensors.
package enum GradientNorm {
  /// The norm of all elements together, summed in f64 in one fixed order; not finite if any element is not.
  package static func norm(_ gradients: [Tensor]) -> Double {
    gradients.reduce(0) { $0 + sumOfSquares($1) }.squareRoot()
  }

  /// What every gradient is multiplied by so that the norm is at most `limit`, as torch's `clip_grad_norm_`.
  package static func scale(norm: Double, limit: Double?) -> Float {
    guard let limit else { return 1 }
    return Float(min(1, limit / (norm + 1e-6)))
  }

  private static func sumOfSquares(_ tensor: Tensor) -> Double {
    tensor.withBytes { bytes in
      let values = bytes.bindMemory(to: Float.self)
      var sums = SIMD8<Double>()
      let whole = values.count / 8 * 8
      for start in stride(from: 0, to: whole, by: 8) {
        var lane = SIMD8<Double>()
        for i in 0..<8 { lane[i] = Double(values[start + i]) }
        sums += lane * lane
      }
      let rest = values[whole...].reduce(0) { $0 + Double($1) * Double($1) }
      return sums.sum() + rest
    }
  }
}
