// Elementwise functions of one tensor. Value and derivative stand side by side in the table of
// CKernels/vectors/vector_elementwise.h; all share the rule dL/dx = dL/dy f'(x).

import CKernels

extension Tensor {
  /// e to the power of x.
  package func exp() -> Tensor { unary(.exp) }

  /// The natural logarithm.
  package func log() -> Tensor { unary(.log) }

  /// The square root.
  package func sqrt() -> Tensor { unary(.sqrt) }

  /// One over the square root.
  package func rsqrt() -> Tensor { unary(.rsqrt) }

  /// The hyperbolic tangent.
  package func tanh() -> Tensor { unary(.tanh) }

  /// The logistic function, 1 / (1 + exp(-x)).
  package func sigmoid() -> Tensor { unary(.sigmoid) }

  /// The sigmoid linear unit, x sigmoid(x).
  package func silu() -> Tensor { unary(.silu) }

  /// The larger of x and 0; its derivative at 0 is 0.
  package func relu() -> Tensor { unary(.relu) }

  /// The smooth relu, log(1 + exp(x)).
  package func softplus() -> Tensor { unary(.softplus) }

  /// The magnitude; its derivative at 0 is 0.
  package func abs() -> Tensor { unary(.abs) }

  /// How the normal distribution function in GELU is computed.
  package enum GELU: Sendable {
    case erf
    case tanh
  }

  /// x Φ(x) (Hendrycks and Gimpel 2016, arXiv:1606.08415), exactly or by their tanh approximation.
  package func gelu(_ form: GELU) -> Tensor {
    switch form {
    case .erf: unary(.gelu_erf)
    case .tanh: unary(.gelu_tanh)
    }
  }

  func unary(_ function: mlt_unary) -> Tensor {
    let output = mapped { x, y, n in VectorKernels.best.unary(function, x, y, n) }
    let input = detached()
    return Tensor.record("elementwise function", output: output, inputs: [self]) { upstream in
      let gradient = Tensor.uninitialized(input.shape)
      let (x, y, dy, dx) = (input.source, output.source, upstream.source, gradient.target)
      VectorKernels.elements(input.count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.unary_back(function, x + start, y + start, dy + start, dx + start, piece.count)
      }
      return [gradient]
    }
  }
}
