// Normalization layers.

import SafeIO
import TensorCore

/// A normalization of the last axis with a learned weight.
final class Norm {
  let weight: Weight
  private let spec: NormSpec

  init(_ spec: NormSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    weight = try loader.vector(spec.name)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch spec.kind {
    case .rms: x.rmsNorm(weight: weight.expanded, epsilon: spec.epsilon)
    }
  }
}
