// Perplexity: the exponential of the mean negative log-likelihood of each token given those before it in its window
// (Jelinek et al. 1977, "Perplexity - a measure of the difficulty of speech recognition tasks").

import Glibc
import SafeIO
import TensorCore

/// What a model makes of some tokens.
package struct Perplexity: Sendable {
  /// The sum of the negative log-likelihoods of the scored tokens, in nats.
  package private(set) var negativeLogLikelihood = 0.0
  package private(set) var scoredTokens = 0
  /// The log-likelihood of each token of the plan; NaN where it was not scored.
  package private(set) var logLikelihoods: [Float]
  /// How far the model is from the reference, when there was one.
  package private(set) var divergence: KLDivergence?

  package var meanNegativeLogLikelihood: Double { negativeLogLikelihood / Double(scoredTokens) }

  package var perplexity: Double { exp(meanNegativeLogLikelihood) }

  /// About how many logits are held at a time.
  private static let logitsAtATime = 4 << 20

  /// Measures a model on the tokens of a plan, in bounded memory.
  ///
  /// - Parameters:
  ///   - reference: what the model's distributions are compared with.
  ///   - writer: keeps the model's logits.
  /// - Throws: `Failure`: tokens that the model can't read, a reference with another vocabulary, an interruption.
  package static func measure(
    _ model: any DistributionSource, plan: ScoringPlan, reference: (any DistributionSource)? = nil,
    writer: SavedDistributionsWriter? = nil, progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> Perplexity {
    if let reference, reference.vocabularySize != model.vocabularySize {
      throw .badData(
        reference.name,
        "has a vocabulary of \(reference.vocabularySize), the model one of \(model.vocabularySize); they can't be compared"
      )
    }
    var result = Perplexity(tokenCount: plan.tokenCount, comparing: reference != nil)
    progress?.begin("perplexity", total: plan.windows.count)
    for (number, window) in plan.windows.enumerated() {
      try Interruption.check()
      try model.begin(window)
      try reference?.begin(window)
      let rows = max(1, logitsAtATime / model.vocabularySize)
      for first in stride(from: window.scored.lowerBound, to: window.scored.upperBound, by: rows) {
        let positions = first..<min(first + rows, window.scored.upperBound)
        let logits = model.logits(positions)
        result.add(logits, window, positions)
        if let reference { result.divergence?.add(reference: reference.logits(positions), model: logits) }
        try writer?.append(logits)
      }
      progress?.advance(to: number + 1, detail: "perplexity \(Float(result.perplexity))")
    }
    try writer?.finish()
    progress?.end(summary: nil)
    return result
  }

  private init(tokenCount: Int, comparing: Bool) {
    logLikelihoods = Array(repeating: .nan, count: tokenCount)
    divergence = comparing ? KLDivergence() : nil
  }

  private mutating func add(_ logits: Tensor, _ window: ScoringWindow, _ positions: Range<Int>) {
    let targets = Tensor(Array(window.ids[positions]), shape: [positions.count])
    let losses = logits.crossEntropy(labels: targets, reduction: .none).floats()
    for (position, loss) in zip(positions, losses) {
      negativeLogLikelihood += Double(loss)
      logLikelihoods[window.start + position] = -loss
    }
    scoredTokens += losses.count
  }
}
