// y = x · Wᵀ + b, the part of a model that quantization and adapters care about. Neither knows of the other: the weight
// has a format, the adapter is two factors beside it.

import SafeIO
import TensorCore

/// What an adapter adds to a linear layer.
package protocol LinearAdapter: AnyObject {
  /// The factors of what is added now, which is computed together with the layer.
  var factors: LowRankFactors { get }
}

/// A linear layer.
package final class Linear {
  /// The module's path, such as `model.layers.0.self_attn.q_proj`.
  package let path: String
  package let weight: Weight
  package let bias: Weight?
  /// Whether it may have an adapter.
  let isAdaptable: Bool
  package var adapter: (any LinearAdapter)?

  init(_ spec: LinearSpec, _ loader: WeightLoader) throws(Failure) {
    path = spec.path
    isAdaptable = spec.isAdaptable
    weight = try loader.matrix(spec.matrix)
    bias = spec.hasBias ? try loader.vector("\(spec.path).bias") : nil
  }

  /// In the order of `LinearSpec.parameters`.
  var weights: [Weight] { [weight] + (bias.map { [$0] } ?? []) }

  package var inputs: Int { weight.shape[1] }
  package var outputs: Int { weight.shape[0] }

  /// `[rows, inputs]` gives `[rows, outputs]`.
  package func callAsFunction(_ x: Tensor) -> Tensor {
    if let term { return x.linears([term])[0] }
    precondition(adapter == nil, "an adapter stands beside frozen weights: '\(path)' is trained itself")
    let y = weight.multiply(x)
    guard let bias else { return y }
    return y + bias.expanded
  }

  /// Applies layers that share their input, reading it once where that is possible.
  static func apply(_ linears: [Linear], to x: Tensor) -> [Tensor] {
    let terms = linears.compactMap(\.term)
    return terms.count == linears.count ? x.linears(terms) : linears.map { $0(x) }
  }

  /// The layer as one computation; nil where it is trained itself.
  private var term: LinearTerm? {
    guard case .stored(let matrix) = weight.value, bias?.trained == nil else { return nil }
    return LinearTerm(weight: matrix, bias: bias?.expanded, adapter: adapter?.factors)
  }
}
