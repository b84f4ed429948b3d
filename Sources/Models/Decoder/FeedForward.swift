// The feed-forward part of a block, by kind.

import SafeIO
import TensorCore

/// What stands beside attention.
enum FeedForward {
  /// down(activation(up(x)))
  case plain(Activation, up: Linear, down: Linear)
  /// down(activation(gate(x)) · up(x))
  case gated(Activation, gate: Linear, up: Linear, down: Linear)
  case fusedGated(Activation, gateAndUp: Linear, down: Linear)
  case experts(Experts)

  init(_ spec: FeedForwardSpec, _ loader: WeightLoader) throws(Failure) {
    switch spec {
    case .plain(let activation, let up, let down):
      self = .plain(activation, up: try Linear(up, loader), down: try Linear(down, loader))
    case .gated(let activation, let gate, let up, let down):
      self = .gated(
        activation, gate: try Linear(gate, loader), up: try Linear(up, loader),
        down: try Linear(down, loader))
    case .fusedGated(let activation, let gateAndUp, let down):
      self = .fusedGated(
        activation, gateAndUp: try Linear(gateAndUp, loader), down: try Linear(down, loader))
    case .experts(let experts): self = .experts(try Experts(experts, loader))
    }
  }

  /// In the order of `FeedForwardSpec.linears`.
  var linears: [Linear] {
    switch self {
    case .plain(_, let up, let down): [up, down]
    case .gated(_, let gate, let up, let down): [gate, up, down]
    case .fusedGated(_, let gateAndUp, let down): [gateAndUp, down]
    case .experts(let experts): experts.linears
    }
  }

  /// Floats that a row leaves for the backward pass.
  var rememberedWidth: Int {
    switch self {
    case .plain, .gated, .fusedGated: linears.dropLast().reduce(0) { $0 + $1.outputs }
    case .experts(let experts): experts.rememberedWidth
    }
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .plain(let activation, let up, let down):
      return down(up(x).activated(activation))
    case .gated(let activation, let gate, let up, let down):
      let parts = Linear.apply([gate, up], to: x)
      return down(.gated(activation, gate: parts[0], up: parts[1]))
    case .fusedGated(let activation, let gateAndUp, let down):
      let both = gateAndUp(x)
      let width = both.shape[1] / 2
      return down(
        .gated(
          activation, gate: both.slice(axis: 1, end: width), up: both.slice(axis: 1, start: width)))
    case .experts(let experts): return experts(x)
    }
  }
}
