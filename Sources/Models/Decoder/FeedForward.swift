// The feed-forward part of a block, by kind.

import SafeIO
import TensorCore

/// What follows attention.
enum FeedForward {
  case gated(GatedFeedForward)

  init(_ spec: FeedForwardSpec, _ loader: WeightLoader) throws(Failure) {
    switch spec {
    case .gated(let activation, let gate, let up, let down):
      self = .gated(
        GatedFeedForward(
          activation: activation, gate: try Linear(gate, loader), up: try Linear(up, loader),
          down: try Linear(down, loader)))
    }
  }

  var linears: [Linear] {
    switch self {
    case .gated(let layers): [layers.gate, layers.up, layers.down]
    }
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .gated(let layers): layers(x)
    }
  }
}

/// Computes down(activation(gate(x)) · up(x)).
struct GatedFeedForward {
  let activation: Activation
  let gate: Linear
  let up: Linear
  let down: Linear

  func callAsFunction(_ x: Tensor) -> Tensor {
    let parts = Linear.apply([gate, up], to: x)
    return down(.gated(activation, gate: parts[0], up: parts[1]))
  }
}
