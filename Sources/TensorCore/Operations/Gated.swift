// Gated linear units: Shazeer 2020, "GLU Variants Improve Transformer" (arXiv:2002.05202), section 2.

import CKernels

/// The nonlinearity of a feed-forward block.
package enum Activation: String, Sendable, CaseIterable {
  case silu
  case geluErf
  case geluTanh
  case relu

  fileprivate var function: mlt_unary {
    switch self {
    case .silu: .silu
    case .geluErf: .gelu_erf
    case .geluTanh: .gelu_tanh
    case .relu: .relu
    }
  }
}

extension Tensor {
  /// activation(x), element by element.
  package func activated(_ activation: Activation) -> Tensor { unary(activation.function) }

  /// activation(gate) · up in one pass.
  ///
  /// Its gradients need gate and up only, so the product's parts are not kept: dgate = dy · up ·
  /// activation'(gate), dup = dy · activation(gate).
  package static func gated(_ activation: Activation, gate: Tensor, up: Tensor) -> Tensor {
    precondition(gate.shape == up.shape, "gate \(gate) and up \(up) must have one shape")
    let function = activation.function
    let (savedGate, savedUp) = (Saved(gate), Saved(up))
    let recipe = Tensor.recipe { gatedProduct(function, savedGate.value, savedUp.value) }
    let output = gatedProduct(function, gate, up).remade(by: recipe)
    return record("gated", output: output, inputs: [gate, up]) { upstream in
      let (gate, up) = (savedGate.value, savedUp.value)
      let (dGate, dUp) = (Tensor.uninitialized(gate.shape), Tensor.uninitialized(gate.shape))
      let (g, u, dy, dg, du) = (gate.source, up.source, upstream.source, dGate.target, dUp.target)
      VectorKernels.elements(gate.count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.gated_back(
          function, g + start, u + start, dy + start, dg + start, du + start, piece.count)
      }
      return [dGate, dUp]
    }
  }

  private static func gatedProduct(_ function: mlt_unary, _ gate: Tensor, _ up: Tensor) -> Tensor {
    let output = Tensor.uninitialized(gate.shape)
    let (g, u, y) = (gate.source, up.source, output.target)
    VectorKernels.elements(gate.count) { piece in
      let start = piece.lowerBound
      VectorKernels.best.gated(function, g + start, u + start, y + start, piece.count)
    }
    return output
  }
}
