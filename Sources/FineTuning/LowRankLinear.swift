// A low-rank adapter at work: what it adds to one linear's output, with dropout that can be made again.

import Models
import TensorCore

/// The trained adapter of one linear: `y = W x + scale · B (A · dropout(x))`.
package final class LowRankLinear: LinearAdapter {
  /// The inner factor `[rank, inputs]`, a leaf when trained.
  package let a: Tensor
  /// The outer factor `[outputs, rank]`, a leaf when trained.
  package let b: Tensor
  package let scale: Double
  private let dropout: Float
  /// The random stream of the micro batch under way; nil outside training.
  private var stream: CounterRandom?

  /// - Parameter isTrained: whether gradients of the factors are wanted.
  package init(_ pair: LowRankPair, dropout: Double = 0, isTrained: Bool) {
    // Trained factors are changed in place, so they are copies: the given ones may be mapped from a file.
    a = isTrained ? Tensor(pair.a.floats(), shape: pair.a.shape).trainable() : pair.a
    b = isTrained ? Tensor(pair.b.floats(), shape: pair.b.shape).trainable() : pair.b
    scale = pair.scale
    self.dropout = Float(dropout)
  }

  /// Sets the stream that dropout draws from; nil turns dropout off.
  func drop(from stream: CounterRandom?) { self.stream = dropout > 0 ? stream : nil }

  package var factors: LowRankFactors {
    LowRankFactors(
      inner: a, outer: b, scale: Float(scale), dropout: stream.map { Dropout(dropout, $0) })
  }
}
