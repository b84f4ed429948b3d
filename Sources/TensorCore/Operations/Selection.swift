// Choosing between values: by condition, by size, by bounds.

import CKernels

extension Tensor {
  /// a where `condition` is not zero, else b; all three broadcast together.
  package static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let shape = Layout.broadcast(condition.shape, Layout.broadcast(a.shape, b.shape))
    let mask = condition.detached().cast(to: .f32).repeated(to: shape)
    let (left, right) = (a.repeated(to: shape), b.repeated(to: shape))
    let (shapeA, shapeB) = (a.shape, b.shape)
    return record("where", output: chosen(mask, left, right), inputs: [a, b]) { upstream, wanted in
      let zero = Tensor.zeros(shape)
      return [
        wanted[0] ? chosen(mask, upstream, zero).summed(to: shapeA) : nil,
        wanted[1] ? chosen(mask, zero, upstream).summed(to: shapeB) : nil,
      ]
    }
  }

  private static func chosen(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let output = Tensor.uninitialized(mask.shape)
    let (m, x, y, z) = (mask.source, a.source, b.source, output.target)
    VectorKernels.elements(mask.count) { piece in
      let start = piece.lowerBound
      VectorKernels.best.select(m + start, x + start, y + start, z + start, piece.count)
    }
    return output
  }

  /// The larger of two, element by element, broadcast; equal ones share the gradient.
  package func maximum(_ other: Tensor) -> Tensor {
    let (a, b) = (detached(), other.detached())
    return Tensor.record("maximum", output: Tensor.combined(.maximum, a, b), inputs: [self, other]) {
      upstream, wanted in
      func gradient(_ x: Tensor, _ y: Tensor) -> Tensor {
        Tensor.combined(.multiply, upstream, Tensor.combined(.maximum_share, x, y)).summed(to: x.shape)
      }
      return [wanted[0] ? gradient(a, b) : nil, wanted[1] ? gradient(b, a) : nil]
    }
  }

  /// Held to `min ... max`; the gradient passes where x lies inside, bounds included.
  package func clamp(min: Float, max: Float) -> Tensor {
    let input = detached()
    let output = mapped { x, y, n in VectorKernels.best.clamp(x, min, max, y, n) }
    return Tensor.record("clamp", output: output, inputs: [self]) { upstream in
      let gradient = Tensor.uninitialized(input.shape)
      let (x, dy, dx) = (input.source, upstream.source, gradient.target)
      VectorKernels.elements(input.count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.clamp_back(x + start, dy + start, min, max, dx + start, piece.count)
      }
      return [gradient]
    }
  }
}
