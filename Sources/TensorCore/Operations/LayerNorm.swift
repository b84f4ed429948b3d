// Ba, Kiros and Hinton 2016, "Layer Normalization" (arXiv:1607.06450), equation 4.
// The gradient is derived beside the kernel, in vector_rows.h.

import CKernels

extension Tensor {
  /// (x - mean) / sqrt(variance + epsilon) · weight + bias over the last axis; weight and bias `[last axis]`, or nil for
  /// 1 and 0.
  package func layerNorm(weight: Tensor?, bias: Tensor?, epsilon: Float) -> Tensor {
    let width = shape.last ?? 1
    let parameters = [weight, bias].compactMap { $0 }
    precondition(
      parameters.allSatisfy { $0.shape == [width] }, "a LayerNorm of \(self) needs parameters of [\(width)]")
    let rows = count / Swift.max(1, width)
    let output = Tensor.uninitialized(shape)
    let statistics = Tensor.uninitialized([rows, 2])
    let (x, w, b, y, s) = (source, weight?.source, bias?.source, output.target, statistics.target)
    VectorKernels.rows(rows, width: width) { piece in
      let start = piece.lowerBound
      VectorKernels.best.layer_norm(
        x + start * width, w, b, epsilon, y + start * width, s + 2 * start, piece.count, width)
    }
    let input = detached()
    let (weight, hasBias) = (weight?.detached(), bias != nil)
    return Tensor.record("layerNorm", output: output, inputs: [self] + parameters) { upstream, wanted in
      let dx = wanted[0] ? Tensor.uninitialized(input.shape) : nil
      let (x, s, dy, dxTarget) = (input.source, statistics.source, upstream.source, dx?.target)
      let wantsParameters = wanted.dropFirst().contains(true)
      let sums = RowPartials.sum(rows: rows, width: width, sums: wantsParameters ? 2 : 0) { piece, partial in
        let start = piece.lowerBound
        VectorKernels.best.layer_norm_back(
          x + start * width, weight?.source, s + 2 * start, dy + start * width,
          dxTarget.map { $0 + start * width }, partial, partial.map { $0 + width }, piece.count, width)
      }
      let dWeight = sums?.slice(axis: 0, end: 1).viewed(as: [width])
      let dBias = sums?.slice(axis: 0, start: 1).viewed(as: [width])
      return [dx] + (weight == nil ? [] : [dWeight]) + (hasBias ? [dBias] : [])
    }
  }
}
