// Perplexity of a model on a text, and how far it is from a reference on the same text, in one pass over both.

import Glibc
import SafeIO
import TensorCore

/// What a text says about a model.
package struct TextMeasurement: Sendable {
  package let perplexity: Double
  package let scoredTokens: Int
  /// Set when there was a reference.
  package let comparison: Comparison?

  /// The model beside its reference.
  package struct Comparison: Sendable {
    package let referencePerplexity: Double
    /// Mean over the scored tokens, in nats.
    package let divergence: Double
    package let divergence99: Double
    /// Share of tokens for which both find the same one most probable.
    package let sameTop: Double
  }

  /// Measures `model` on the windows of a plan, and compares it with `reference`.
  package static func run(
    _ model: any DistributionSource, plan: ScoringPlan, reference: (any DistributionSource)? = nil,
    progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> TextMeasurement {
    let scored = reference.map { ScoredDistributions($0) }
    let result = try Perplexity.measure(model, plan: plan, reference: scored, progress: progress)
    var comparison: Comparison?
    if let scored, let divergence = result.divergence {
      comparison = Comparison(
        referencePerplexity: exp(scored.negativeLogLikelihood / Double(result.scoredTokens)),
        divergence: divergence.mean, divergence99: divergence.quantile(0.99), sameTop: divergence.sameTopShare
      )
    }
    return TextMeasurement(
      perplexity: result.perplexity, scoredTokens: result.scoredTokens, comparison: comparison)
  }
}

/// A source whose own likelihood of the text is added up as its logits pass by.
private final class ScoredDistributions: DistributionSource {
  private let source: any DistributionSource
  private var ids: [Int32] = []
  private(set) var negativeLogLikelihood = 0.0

  init(_ source: any DistributionSource) { self.source = source }

  var name: String { source.name }
  var vocabularySize: Int { source.vocabularySize }

  func begin(_ window: ScoringWindow) throws(Failure) {
    ids = window.ids
    try source.begin(window)
  }

  func logits(_ positions: Range<Int>) -> Tensor {
    let logits = source.logits(positions)
    let targets = Tensor(Array(ids[positions]), shape: [positions.count])
    for loss in logits.crossEntropy(labels: targets, reduction: .none).floats() {
      negativeLogLikelihood += Double(loss)
    }
    return logits
  }
}
