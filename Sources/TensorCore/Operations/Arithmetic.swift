// + - * / of two tensors, broadcasting as NumPy does, and of a tensor and a number.
//
// For y = f(a, b): dL/da = dL/dy ∂f/∂a, summed over the axes along which a was repeated; likewise b.

import CKernels

extension Tensor {
  package static func + (a: Tensor, b: Tensor) -> Tensor {
    let (shapeA, shapeB) = (a.shape, b.shape)
    return record("add", output: combined(.add, a, b), inputs: [a, b]) { upstream, wanted in
      [wanted[0] ? upstream.summed(to: shapeA) : nil, wanted[1] ? upstream.summed(to: shapeB) : nil]
    }
  }

  package static func - (a: Tensor, b: Tensor) -> Tensor {
    let (shapeA, shapeB) = (a.shape, b.shape)
    return record("subtract", output: combined(.subtract, a, b), inputs: [a, b]) { upstream, wanted in
      [wanted[0] ? upstream.summed(to: shapeA) : nil, wanted[1] ? (-upstream).summed(to: shapeB) : nil]
    }
  }

  package static func * (a: Tensor, b: Tensor) -> Tensor {
    let (shapeA, shapeB) = (a.shape, b.shape)
    let (savedA, savedB) = (b.requiresGradient ? a.detached() : nil, a.requiresGradient ? b.detached() : nil)
    return record("multiply", output: combined(.multiply, a, b), inputs: [a, b]) { upstream, _ in
      [
        savedB.map { combined(.multiply, upstream, $0).summed(to: shapeA) },
        savedA.map { combined(.multiply, upstream, $0).summed(to: shapeB) },
      ]
    }
  }

  /// y = a / b: ∂y/∂a = 1 / b, ∂y/∂b = -y / b.
  package static func / (a: Tensor, b: Tensor) -> Tensor {
    let (shapeA, shapeB) = (a.shape, b.shape)
    let (output, divisor) = (combined(.divide, a, b), b.detached())
    return record("divide", output: output, inputs: [a, b]) { upstream, wanted in
      let quotient = combined(.divide, upstream, divisor)
      return [
        wanted[0] ? quotient.summed(to: shapeA) : nil,
        wanted[1] ? (-combined(.multiply, quotient, output)).summed(to: shapeB) : nil,
      ]
    }
  }

  package static prefix func - (x: Tensor) -> Tensor { x * -1 }

  package static func + (x: Tensor, number: Float) -> Tensor { x.affine(scale: 1, offset: number) }

  package static func - (x: Tensor, number: Float) -> Tensor { x.affine(scale: 1, offset: -number) }

  package static func * (x: Tensor, number: Float) -> Tensor { x.affine(scale: number, offset: 0) }

  package static func / (x: Tensor, number: Float) -> Tensor { x.affine(scale: 1 / number, offset: 0) }

  package static func + (number: Float, x: Tensor) -> Tensor { x.affine(scale: 1, offset: number) }

  package static func - (number: Float, x: Tensor) -> Tensor { x.affine(scale: -1, offset: number) }

  package static func * (number: Float, x: Tensor) -> Tensor { x.affine(scale: number, offset: 0) }

  /// Computes scale · x + offset.
  private func affine(scale: Float, offset: Float) -> Tensor {
    Tensor.record(
      "affine", output: mapped { x, y, n in VectorKernels.best.affine(x, scale, offset, y, n) },
      inputs: [self]
    ) { upstream in [upstream.mapped { x, y, n in VectorKernels.best.affine(x, scale, 0, y, n) }] }
  }
}
