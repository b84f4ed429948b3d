// What follows attention in a block. A new kind is a case here and a file in Decoder/.

import TensorCore

/// The feed-forward part of a block.
package enum FeedForwardSpec: Sendable, Equatable {
  /// down(activation(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202).
  case gated(activation: Activation, gate: LinearSpec, up: LinearSpec, down: LinearSpec)
}
