// The feed-forward part of a block, by kind.

import SafeIO
import TensorCore

/// What stands beside attention.
enum FeedForward {
  /// down(activation(up(x)))
  case plain(Activation, up: Linear, down: Linear)
  /// down(unit(gate(x), up(x)))
  case gated(GatedUnit, gate: Linear, up: Linear, down: Linear)
  case fusedGated(GatedUnit, gateAndUp: Linear, FusedGateOrder, down: Linear)
  case experts(Experts)

  init(_ spec: FeedForwardSpec, _ loader: WeightLoader) throws(Failure) {
    switch spec {
    case .plain(let activation, let up, let down):
      self = .plain(activation, up: try Linear(up, loader), down: try Linear(down, loader))
    case .gated(let unit, let gate, let up, let down):
      self = .gated(
        unit, gate: try Linear(gate, loader), up: try Linear(up, loader), down: try Linear(down, loader))
    case .fusedGated(let unit, let gateAndUp, let order, let down):
      self = .fusedGated(
        unit, gateAndUp: try Linear(gateAndUp, loader), order, down: try Linear(down, loader))
    case .experts(let experts): self = .experts(try Experts(experts, loader))
    }
  }

  /// In the order of `FeedForwardSpec.linears`.
  var linears: [Linear] {
    switch self {
    case .plain(_, let up, let down): [up, down]
    case .gated(_, let gate, let up, let down): [gate, up, down]
    case .fusedGated(_, let gateAndUp, _, let down): [gateAndUp, down]
    case .experts(let experts): experts.linears
    }
  }

  /// In the order of `FeedForwardSpec.parameters`.
  var weights: [Weight] {
    switch self {
    case .plain, .gated, .fusedGated: linears.flatMap(\.weights)
    case .experts(let experts): experts.weights
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
    case .gated(let unit, let gate, let up, let down):
      let parts = Linear.apply([gate, up], to: x)
      return down(unit(gate: parts[0], up: parts[1]))
    case .fusedGated(let unit, let gateAndUp, let order, let down):
      let (gate, up) = order.parts(of: gateAndUp(x))
      return down(unit(gate: gate, up: up))
    case .experts(let experts): return experts(x)
    }
  }
}

extension GatedUnit {
  /// Two tensors of one shape give a third of it.
  fileprivate func callAsFunction(gate: Tensor, up: Tensor) -> Tensor {
    switch self {
    case .activation(let activation): return .gated(activation, gate: gate, up: up)
    case .clamped(let slope, let limit):
      let gate = gate.clamp(min: -.infinity, max: limit)
      return gate * (gate * slope).sigmoid() * (up.clamp(min: -limit, max: limit) + 1)
    }
  }
}

extension FusedGateOrder {
  /// `[rows, 2 · width]` gives gate and up, `[rows, width]` each.
  fileprivate func parts(of both: Tensor) -> (gate: Tensor, up: Tensor) {
    let (rows, width) = (both.shape[0], both.shape[1] / 2)
    switch self {
    case .halves: return (both.slice(axis: 1, end: width), both.slice(axis: 1, start: width))
    case .pairs:
      let pairs = both.reshaped([rows, width, 2])
      func part(_ index: Int) -> Tensor {
        pairs.slice(axis: 2, start: index, end: index + 1).reshaped([rows, width])
      }
      return (part(0), part(1))
    }
  }
}
