// Normalization layers.

import SafeIO
import TensorCore

/// A normalization of the last axis.
final class Norm {
  private let weight: Weight?
  private let bias: Weight?
  private let spec: NormSpec

  init(_ spec: NormSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    weight = spec.hasWeight ? try loader.vector(spec.name) : nil
    bias = spec.hasBias ? try loader.vector("\(spec.path).bias") : nil
  }

  /// The layer of an optional specification.
  static func optional(_ spec: NormSpec?, _ loader: WeightLoader) throws(Failure) -> Norm? {
    try spec.map { spec throws(Failure) in try Norm(spec, loader) }
  }

  /// In the order of `NormSpec.parameters`.
  var weights: [Weight] { [weight, bias].compactMap { $0 } }

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch spec.kind {
    case .rms:
      return x.rmsNorm(weight: weight?.expanded, epsilon: spec.epsilon, unitOffset: spec.isUnitOffset)
    case .layer:
      let weight = weight.map { spec.isUnitOffset ? $0.expanded + 1 : $0.expanded }
      return x.layerNorm(weight: weight, bias: bias?.expanded, epsilon: spec.epsilon)
    }
  }
}
