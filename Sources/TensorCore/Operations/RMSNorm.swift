// Zhang and Sennrich 2019, "Root Mean Square Layer Normalization" (arXiv:1910.07467), equation 4.
// The gradient is derived beside the kernel, in vector_rows.h.

import CKernels

extension Tensor {
  /// x / sqrt(mean(x²) + epsilon) · weight over the last axis.
  ///
  /// - Parameters:
  ///   - weight: `[last axis]`, or nil for 1.
  ///   - epsilon: Added to the mean square.
  ///   - unitOffset: Multiply by 1 + weight instead, as Gemma does.
  package func rmsNorm(weight: Tensor?, epsilon: Float, unitOffset: Bool = false) -> Tensor {
    let width = shape.last ?? 1
    precondition(
      weight.map { $0.shape == [width] } ?? true, "an RMSNorm of \(self) needs a weight of [\(width)]")
    let rows = count / Swift.max(1, width)
    let offset: Float = unitOffset ? 1 : 0
    let saved = Saved(self)
    let inputs = [self] + (weight.map { [$0] } ?? [])
    let weight = weight?.detached()
    let (output, inverse) = normalized(weight, offset, epsilon)
    let recipe = Tensor.recipe { saved.value.normalized(weight, offset, epsilon).output }
    return Tensor.record("rmsNorm", output: output.remade(by: recipe), inputs: inputs) { upstream, wanted in
      let input = saved.value
      let dx = wanted[0] ? Tensor.uninitialized(input.shape) : nil
      let (x, s, dy, dxTarget) = (input.source, inverse.source, upstream.source, dx?.target)
      let wantsWeight = wanted.count > 1 && wanted[1]
      let dWeight = RowPartials.sum(rows: rows, width: width, sums: wantsWeight ? 1 : 0) { piece, partial in
        let start = piece.lowerBound
        VectorKernels.best.rms_norm_back(
          x + start * width, weight?.source, offset, s + start, dy + start * width,
          dxTarget.map { $0 + start * width },
          partial, piece.count, width)
      }
      return weight == nil ? [dx] : [dx, dWeight?.viewed(as: [width])]
    }
  }

  /// The result, and what each row was multiplied by.
  private func normalized(_ weight: Tensor?, _ offset: Float, _ epsilon: Float) -> (
    output: Tensor, inverse: Tensor
  ) {
    let width = shape.last ?? 1
    let rows = count / Swift.max(1, width)
    let output = Tensor.uninitialized(shape)
    let inverse = Tensor.uninitialized([rows])
    let (x, w, y, s) = (source, weight?.source, output.target, inverse.target)
    VectorKernels.rows(rows, width: width) { piece in
      let start = piece.lowerBound
      VectorKernels.best.rms_norm(
        x + start * width, w, offset, epsilon, y + start * width, s + start, piece.count, width)
    }
    return (output, inverse)
  }
}
