// Normalizations of the last axis.

/// A normalization of the last axis; its weight is stored as `path.weight`, its bias as `path.bias`.
package struct NormSpec: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// x / sqrt(mean(x²) + epsilon) · weight (Zhang and Sennrich 2019, arXiv:1910.07467).
    case rms
    /// (x - mean) / sqrt(variance + epsilon) · weight + bias (Ba et al. 2016, arXiv:1607.06450).
    case layer
  }

  package var kind: Kind
  package var path: String
  package var size: Int
  package var epsilon: Float
  /// Whether what is stored is the weight less 1, as Gemma and Nemotron store it.
  package var isUnitOffset = false
  package var hasWeight = true
  package var hasBias = false

  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] {
    let weight = ParameterSpec(name: name, shape: [size], role: .norm(initial: isUnitOffset ? 0 : 1))
    let bias = ParameterSpec(name: "\(path).bias", shape: [size], role: .bias)
    return (hasWeight ? [weight] : []) + (hasBias ? [bias] : [])
  }
}
