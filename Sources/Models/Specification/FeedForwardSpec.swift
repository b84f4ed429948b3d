// What follows attention in a block. A new kind is a case here and a file in Decoder/.

import TensorCore

/// The feed-forward part of a block.
package enum FeedForwardSpec: Sendable, Equatable {
  /// down(activation(up(x))).
  case plain(activation: Activation, up: LinearSpec, down: LinearSpec)
  /// down(unit(gate(x), up(x))) (Shazeer 2020, arXiv:2002.05202).
  case gated(unit: GatedUnit, gate: LinearSpec, up: LinearSpec, down: LinearSpec)
  /// The same with one layer that puts out both.
  case fusedGated(unit: GatedUnit, gateAndUp: LinearSpec, order: FusedGateOrder, down: LinearSpec)
  /// Many of them, of which each row goes through a few.
  indirect case experts(ExpertsSpec)
}

/// What becomes of gate and up.
package enum GatedUnit: Sendable, Equatable {
  /// activation(gate) · up.
  case activation(Activation)
  /// g · sigmoid(slope · g) · (u + 1), with g the gate up to the limit, and u up within it on both sides (gpt-oss).
  case clamped(slope: Float, limit: Float)
}

/// In what order one layer puts out gate and up.
package enum FusedGateOrder: Sendable {
  /// The whole gate, then up.
  case halves
  /// In turn.
  case pairs
}
