// How far a model's distributions are from a reference's, token by token: what quantization or fine-tuning changed, even
// where perplexity does not show it.

import Glibc
import TensorCore

/// The Kullback-Leibler divergences Σ p log(p / q), in nats, of a model q from a reference p (Kullback and Leibler
/// 1951, "On Information and Sufficiency").
package struct KLDivergence: Sendable {
  /// One value for each scored token.
  private var values: [Double] = []
  private var sameTop = 0

  package init() {}

  package var mean: Double { values.reduce(0, +) / Double(values.count) }

  package var maximum: Double { values.max() ?? .nan }

  /// The share of tokens for which both find the same token most probable.
  package var sameTopShare: Double { Double(sameTop) / Double(values.count) }

  /// The smallest value that at least the share `rank` of all values do not exceed.
  package func quantile(_ rank: Double) -> Double { values.quantile(rank) }

  /// Adds rows of logits, both `[tokens, vocabulary]`.
  package mutating func add(reference: Tensor, model: Tensor) {
    let width = reference.shape[1]
    let (p, q) = withoutRecording { (reference.logSoftmax(axis: -1), model.logSoftmax(axis: -1)) }
    let (weights, logP, logQ) = (p.exp().floats(), p.floats(), q.floats())
    for row in 0..<reference.shape[0] {
      let range = row * width..<(row + 1) * width
      var sum = 0.0
      var (topP, topQ) = (range.lowerBound, range.lowerBound)
      for index in range {
        // A probability that is 0 in f32 adds nothing, whatever the other side says.
        if weights[index] > 0 { sum += Double(weights[index]) * (Double(logP[index]) - Double(logQ[index])) }
        if logP[index] > logP[topP] { topP = index }
        if logQ[index] > logQ[topQ] { topQ = index }
      }
      // Rounding can take a divergence of nothing below 0.
      values.append(max(0, sum))
      if topP == topQ { sameTop += 1 }
    }
  }
}
