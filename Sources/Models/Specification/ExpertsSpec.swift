// Routed experts (Shazeer et al. 2017, arXiv:1701.06538; Fedus et al. 2021, arXiv:2101.03961).

/// A feed-forward part of many experts, of which each row goes through a few.
package struct ExpertsSpec: Sendable, Equatable {
  /// Scores the experts: softmax over all of them.
  package var router: LinearSpec
  package var experts: [FeedForwardSpec]
  /// How many experts a row goes through: those with the highest scores.
  package var chosen: Int
  /// Whether the scores of the chosen ones are divided by their sum.
  package var isNormalized: Bool
  /// An expert for every row.
  package var shared: FeedForwardSpec?
  /// Scores the shared expert: sigmoid.
  package var sharedGate: LinearSpec?

  var linears: [LinearSpec] {
    [router] + experts.flatMap(\.linears) + (shared?.linears ?? []) + (sharedGate.map { [$0] } ?? [])
  }
}
