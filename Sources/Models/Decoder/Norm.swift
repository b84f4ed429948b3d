// Normalization layers.

import SafeIO
import TensorCore

/// A normalization of the last axis.
final class Norm {
  private let own: [Weight]
  private let bias: Weight?
  private let spec: NormSpec

  init(_ spec: NormSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    own = spec.hasWeight ? try spec.weights.map { spec throws(Failure) in try loader.vector(spec.name) } : []
    bias = spec.hasBias ? try loader.vector("\(spec.path).bias") : nil
  }

  /// The layer of an optional specification.
  static func optional(_ spec: NormSpec?, _ loader: WeightLoader) throws(Failure) -> Norm? {
    try spec.map { spec throws(Failure) in try Norm(spec, loader) }
  }

  /// In the order of `NormSpec.parameters`.
  var weights: [Weight] { own + (bias.map { [$0] } ?? []) }

  /// `[…, size]`, or `[rows, heads, size]` where each head has a weight of its own.
  func callAsFunction(_ x: Tensor) -> Tensor {
    guard let heads = spec.heads else { return normalized(x, own.first?.expanded) }
    let weights = own.map { $0.expanded.reshaped([$0.expanded.count / spec.size, spec.size]) }
    let all = weights.count == 1 ? weights[0] : Tensor.concatenated(weights, axis: 0)
    precondition(all.shape == [heads.count, spec.size], "a weight for each head")
    return normalized(x, nil) * all
  }

  private func normalized(_ x: Tensor, _ weight: Tensor?) -> Tensor {
    switch spec.kind {
    case .rms:
      return x.rmsNorm(weight: weight, epsilon: spec.epsilon, unitOffset: spec.isUnitOffset)
    case .layer:
      let weight = weight.map { spec.isUnitOffset ? $0 + 1 : $0 }
      return x.layerNorm(weight: weight, bias: bias?.expanded, epsilon: spec.epsilon)
    }
  }
}
