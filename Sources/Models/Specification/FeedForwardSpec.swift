// What follows attention in a block. A new kind is a case here and a file in Decoder/.

import TensorCore

/// The feed-forward part of a block.
package enum FeedForwardSpec: Sendable, Equatable {
  /// down(activation(up(x))).
  case plain(activation: Activation, up: LinearSpec, down: LinearSpec)
  /// down(activation(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202).
  case gated(activation: Activation, gate: LinearSpec, up: LinearSpec, down: LinearSpec)
  /// The same with one layer that puts out the gate, then up.
  case fusedGated(activation: Activation, gateAndUp: LinearSpec, down: LinearSpec)
  /// Many of them, of which each row goes through a few.
  indirect case experts(ExpertsSpec)
}
