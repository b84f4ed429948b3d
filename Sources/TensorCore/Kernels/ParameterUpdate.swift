// The step of an optimizer: it reads a parameter, its gradient and its moments once and writes them once, bound by
// memory. Where the constants come from is the optimizer's affair.

import CKernels

/// The constants of an Adam step (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2), in torch's
/// form.
package struct AdamConstants {
  private let kernel: mlt_adam

  /// - Parameters:
  ///   - gradientScale: multiplies every gradient first.
  ///   - penalty: weight decay that is added to the gradient.
  ///   - decay: weight decay that shrinks the parameter, times the learning rate.
  ///   - learningRate: before bias correction.
  ///   - corrections: 1 - beta1^t and 1 - beta2^t at step t.
  package init(
    gradientScale: Float, penalty: Double, decay: Double, betas: (Double, Double), epsilon: Double,
    learningRate: Double, corrections: (Double, Double)
  ) {
    kernel = mlt_adam(
      gradient_scale: gradientScale, penalty: Float(penalty), mean_rate: Float(1 - betas.0),
      square_kept: Float(betas.1), square_rate: Float(1 - betas.1), kept: Float(1 - decay),
      step_size: Float(learningRate / corrections.0), root: Float(corrections.1.squareRoot()),
      epsilon: Float(epsilon))
  }

  fileprivate func withKernel(_ body: (UnsafePointer<mlt_adam>) -> Void) {
    withUnsafePointer(to: kernel, body)
  }
}

extension Tensor {
  /// Moves the elements of this trained parameter, and those of its moments, in place.
  ///
  /// - Parameters:
  ///   - gradient: in this shape, as are the moments.
  ///   - mean: running mean of the gradients.
  ///   - square: running mean of their squares.
  package func adapt(_ gradient: Tensor, mean: Tensor, square: Tensor, _ constants: AdamConstants) {
    precondition(
      [gradient, mean, square].allSatisfy { $0.shape == shape } && storage.isWritable,
      "\(self) cannot be moved by \(gradient) with \(mean) and \(square)")
    let (p, g, m, v) = (target, gradient.source, mean.target, square.target)
    constants.withKernel { constants in
      VectorKernels.elements(count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.adam(constants, p + start, g + start, m + start, v + start, piece.count)
      }
    }
  }
}
