// Gated linear units: Shazeer 2020, "GLU Variants Improve Transformer" (arXiv:2002.05202), section 2.

import CKernels

/// The nonlinearity of a feed-forward block.
package enum Activation: String, Sendable, CaseIterable {
  case silu
  case geluErf
  case geluTanh
  case relu
  /// relu(x)² (So et al. 2021, "Primer", arXiv:2109.08668).
  case reluSquared
  /// A gate alone: sigmoid(x).
  case sigmoid

  fileprivate var function: mlt_unary {
    switch self {
    case .silu: .silu
    case .geluErf: .gelu_erf
    case .geluTanh: .gelu_tanh
    case .relu: .relu
    case .reluSquared: .relu_squared
    case .sigmoid: .sigmoid
    }
  }
}

extension Tensor {
  /// activation(x), element by element.
  package func activated(_ activation: Activation) -> Tensor { unary(activation.function) }

  /// activation'(x) · upstream, where this tensor is x.
  func slope(of activation: Activation, times upstream: Tensor) -> Tensor {
    let function = activation.function
    let value = mapped { x, y, n in VectorKernels.best.unary(function, x, y, n) }
    let (x, y, dy, dx) = (source, value.source, upstream.source, value.target)
    VectorKernels.elements(count) { piece in
      let start = piece.lowerBound
      VectorKernels.best.unary_back(function, x + start, y + start, dy + start, dx + start, piece.count)
    }
    return value
  }

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
    return record("gated", outputs: [output], inputs: [gate, up]) { upstream, _ in
      guard var dy = upstream[0] else { return [nil, nil] }
      upstream[0] = nil
      let (gate, up) = (savedGate.value, savedUp.value)
      // Large tensors: the gradient of one part takes the place of what came in.
      let dUp = dy.holdsStorageAlone() ? dy.detached() : Tensor.uninitialized(gate.shape)
      let dGate = Tensor.uninitialized(gate.shape)
      let (g, u, d, dg, du) = (gate.source, up.source, dy.source, dGate.target, dUp.target)
      VectorKernels.elements(gate.count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.gated_back(
          function, g + start, u + start, d + start, dg + start, du + start, piece.count)
      }
      return [dGate, dUp]
    }[0]
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
