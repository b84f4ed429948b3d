// Normalizations of the last axis.

/// A normalization of the last axis; its weight is stored as `path.weight`, its bias as `path.bias`.
package struct NormSpec: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// x / sqrt(mean(x²) + epsilon) · weight (Zhang and Sennrich 2019, arXiv:1910.07467).
    case rms
    /// (x - mean) / sqrt(variance + epsilon) · weight + bias (Ba et al. 2016, arXiv:1607.06450).
    case layer
  }

  /// How files hold the weights of heads that have each their own.
  package enum HeadWeights: Sendable, Equatable {
    /// In one tensor `[heads, size]`.
    case together
    /// In a tensor for each, `path.norms.0.weight` and so on.
    case apart
  }

  /// Heads with a weight each.
  package struct Heads: Sendable, Equatable {
    package var count: Int
    package var weights: HeadWeights
  }

  package var kind: Kind
  package var path: String
  package var size: Int
  package var epsilon: Float
  /// Whether what is stored is the weight less 1, as Gemma and Nemotron store it.
  package var isUnitOffset = false
  package var hasWeight = true
  package var hasBias = false
  /// The heads that have each a weight of their own; nil where one weight serves all.
  package var heads: Heads?

  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] {
    let bias = ParameterSpec(name: "\(path).bias", shape: [size], role: .bias)
    return (hasWeight ? weights : []) + (hasBias ? [bias] : [])
  }

  /// What it multiplies by: one weight, or one for each head.
  var weights: [ParameterSpec] {
    func weight(_ name: String, _ shape: [Int]) -> ParameterSpec {
      ParameterSpec(name: name, shape: shape, role: .norm(initial: isUnitOffset ? 0 : 1))
    }
    guard let heads else { return [weight(name, [size])] }
    switch heads.weights {
    case .together: return [weight(name, [heads.count, size])]
    case .apart: return (0..<heads.count).map { weight("\(path).norms.\($0).weight", [size]) }
    }
  }
}
