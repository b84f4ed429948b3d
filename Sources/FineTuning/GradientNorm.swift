// The length of the whole gradient: what is logged, what clipping compares, and how a NaN anywhere is noticed.

import TensorCore

/// The Euclidean norm over many tensors.
package enum GradientNorm {
  /// The norm of all elements together, summed in f64 in one fixed order; not finite if any element is not.
  package static func norm(_ gradients: [Tensor]) -> Double {
    gradients.reduce(0) { $0 + $1.sumOfSquares() }.squareRoot()
  }

  /// What every gradient is multiplied by so that the norm is at most `limit`, as torch's `clip_grad_norm_`.
  package static func scale(norm: Double, limit: Double?) -> Float {
    guard let limit else { return 1 }
    return Float(min(1, limit / (norm + 1e-6)))
  }
}
