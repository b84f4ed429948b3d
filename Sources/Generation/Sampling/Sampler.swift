// From logits to a token: mask, filters, then the largest or a draw.

import TensorCore

/// Chooses tokens.
///
/// Temperature 0 takes the largest logit, the first one on ties; otherwise the draw is the inverse of the cumulative
/// distribution, in the order of ids, at a number that only seed and position determine.
package struct Sampler: Sendable {
  private let options: SamplingOptions
  private let filters: [LogitFilter]
  private let random: CounterRandom

  package init(_ options: SamplingOptions) {
    self.options = options
    filters = LogitFilters.table(options)
    random = CounterRandom(seed: options.seed)
  }

  /// The probabilities `[vocabulary]` from which a token would be drawn, f32.
  package func probabilities(_ logits: [Float], history: TokenHistory, mask: TokenMask? = nil) -> [Float] {
    softmax(filtered(logits, history: history, mask: mask))
  }

  /// The next token; logits that are not numbers are never chosen.
  ///
  /// - Parameters:
  ///   - logits: one row, `[vocabulary]`.
  ///   - history: all tokens before, also the counter of the random numbers.
  ///   - mask: the tokens that may be chosen; nil means all. Must allow at least one id below `logits.count`.
  package func sample(_ logits: [Float], history: TokenHistory, mask: TokenMask? = nil) -> Int32 {
    guard options.temperature > 0 else { return largest(logits, history: history, mask: mask) }
    let weights = probabilities(logits, history: history, mask: mask)
    var total = 0.0
    for weight in weights { total += Double(weight) }
    let target = random.unit(history.ids.count - history.promptCount) * total
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += Double(weight)
      if target < sum { return Int32(index) }
    }
    // Only logits that are not numbers get here.
    return largest(logits, history: history, mask: mask)
  }

  private func filtered(_ logits: [Float], history: TokenHistory, mask: TokenMask?) -> [Float] {
    var scores = logits
    if let mask {
      for index in scores.indices where !mask[Int32(index)] { scores[index] = -.infinity }
    }
    for filter in filters { filter(&scores, history) }
    return scores
  }

  private func largest(_ logits: [Float], history: TokenHistory, mask: TokenMask?) -> Int32 {
    let scores = filtered(logits, history: history, mask: mask)
    var best: Int?
    for (index, score) in scores.enumerated() where !score.isNaN && mask?[Int32(index)] ?? true {
      if let current = best, !(score > scores[current]) { continue }
      best = index
    }
    return Int32(best ?? 0)
  }
}
