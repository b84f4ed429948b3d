// The optimizers: AdamW, Adam and SGD as torch has them, on f32 parameters that are changed in place.
//
// UNSAFE, on purpose: the loops walk the parameters' memory, which a step lends for their length; every buffer has
// the parameter's element count, checked where a step begins.

import Glibc
import TensorCore

/// Which optimizer, and its constants.
package struct OptimizerSettings: Sendable, Equatable {
  /// The update rule.
  package enum Kind: String, Sendable, CaseIterable {
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as torch.optim.AdamW.
    case adamw
    /// Adam (Kingma and Ba 2015, algorithm 1); weight decay is added to the gradient, as torch.optim.Adam.
    case adam
    /// Plain gradient descent; weight decay is added to the gradient, as torch.optim.SGD.
    case sgd
  }

  package var kind = Kind.adamw
  package var beta1 = 0.9
  package var beta2 = 0.999
  package var epsilon = 1e-8
  package var weightDecay = 0.01

  package init(kind: Kind, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double) {
    self.kind = kind
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// An optimizer with its state.
package final class Optimizer {
  package let settings: OptimizerSettings
  /// Running means of the gradients and of their squares, one pair for each parameter; empty for SGD.
  package let moments: [(mean: Tensor, square: Tensor)]
  /// Steps taken so far, which the bias correction needs.
  package var steps: Int

  /// An optimizer at its beginning: moments are zero.
  package init(settings: OptimizerSettings, parameters: [Tensor]) {
    self.settings = settings
    steps = 0
    moments =
      settings.kind == .sgd ? [] : parameters.map { (mean: .zeros($0.shape), square: .zeros($0.shape)) }
  }

  /// Moves every parameter against its gradient.
  ///
  /// - Parameters:
  ///   - parameters: f32, changed in place, in the order in which the optimizer was made.
  ///   - gradients: one for each parameter, in its shape.
  ///   - gradientScale: every gradient is multiplied by it first: the effect of clipping.
  package func step(
    _ parameters: [Tensor], gradients: [Tensor], gradientScale: Float, learningRate: Double
  ) {
    precondition(parameters.count == gradients.count)
    precondition(moments.isEmpty || moments.count == parameters.count)
    precondition(zip(parameters, gradients).allSatisfy { $0.shape == $1.shape })
    precondition(zip(parameters, moments).allSatisfy { $0.shape == $1.mean.shape })
    steps += 1
    for (index, (parameter, gradient)) in zip(parameters, gradients).enumerated() {
      if settings.kind == .sgd {
        descend(parameter, gradient, gradientScale, learningRate)
      } else {
        adapt(parameter, gradient, moments[index], gradientScale, learningRate)
      }
    }
  }

  /// One Adam or AdamW update; the operations and their order are those of torch's `_single_tensor_adamw`.
  private func adapt(
    _ parameter: Tensor, _ gradient: Tensor, _ moments: (mean: Tensor, square: Tensor),
    _ gradientScale: Float,
    _ learningRate: Double
  ) {
    let isDecoupled = settings.kind == .adamw
    parameter.adapt(
      gradient, mean: moments.mean, square: moments.square,
      AdamConstants(
        gradientScale: gradientScale, penalty: isDecoupled ? 0 : settings.weightDecay,
        decay: isDecoupled ? learningRate * settings.weightDecay : 0,
        betas: (settings.beta1, settings.beta2), epsilon: settings.epsilon, learningRate: learningRate,
        corrections: (1 - pow(settings.beta1, Double(steps)), 1 - pow(settings.beta2, Double(steps)))))
  }

  private func descend(
    _ parameter: Tensor, _ gradient: Tensor, _ gradientScale: Float, _ learningRate: Double
  ) {
    let (rate, penalty) = (Float(learningRate), Float(settings.weightDecay))
    lend(parameter, gradient) { p, g, range in
      for i in range { p[i] -= rate * (g[i] * gradientScale + penalty * p[i]) }
    }
  }

  private typealias Floats = UnsafeMutablePointer<Float>

  /// Runs a loop over the elements of two tensors of one size, in pieces over all threads.
  private func lend(
    _ parameter: Tensor, _ gradient: Tensor, _ body: (Floats, UnsafePointer<Float>, Range<Int>) -> Void
  ) {
    let (count, piece) = (parameter.count, 1 << 15)
    parameter.withMutableBytes { p in
      gradient.withBytes { g in
        guard let p = p.bindMemory(to: Float.self).baseAddress,
          let g = g.bindMemory(to: Float.self).baseAddress
        else { return }
        ThreadPool.shared.run((count + piece - 1) / piece) { task in
          body(p, g, task * piece..<min(count, (task + 1) * piece))
        }
      }
    }
  }
}
