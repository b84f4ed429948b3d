// A low-rank adapter as a value: the two factors of every adapted linear, and how they are scaled. Files are read
// into it and written from it; training and merging both begin here.

import SafeIO
import TensorCore

/// The factors of one linear: the weight becomes `W + scale · B · A`.
package struct LowRankPair {
  /// The inner factor `[rank, inputs]`, f32.
  package let a: Tensor
  /// The outer factor `[outputs, rank]`, f32.
  package let b: Tensor
  package let scale: Double

  package init(a: Tensor, b: Tensor, scale: Double) {
    self.a = a
    self.b = b
    self.scale = scale
  }

  package var rank: Int { a.shape[0] }

  /// What is added to the weight: `scale · B · A`, `[outputs, inputs]`.
  package func delta() -> Tensor {
    withoutRecording { b.detached().matmul(a.detached()) * Tensor(Float(scale)) }
  }
}

/// A set of low-rank pairs, by the path of the linear each belongs to, such as `model.layers.0.self_attn.q_proj`.
package struct Adapter {
  package var settings: LoRASettings
  /// Sorted by path, so that every pass over them has one order.
  package private(set) var pairs: [(path: String, pair: LowRankPair)]

  package init(settings: LoRASettings, pairs: [(path: String, pair: LowRankPair)]) {
    self.settings = settings
    self.pairs = pairs.sorted { $0.path.precedes($1.path) }
  }

  package var paths: [String] { pairs.map(\.path) }

  /// Whether every pair has the rank and the scale of the settings.
  package var isUniform: Bool {
    pairs.allSatisfy { $0.pair.rank == settings.rank && $0.pair.scale == settings.scale }
  }
}
