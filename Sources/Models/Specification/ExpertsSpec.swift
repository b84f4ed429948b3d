// Routed experts (Shazeer et al. 2017, arXiv:1701.06538; Fedus et al. 2021, arXiv:2101.03961).

/// A feed-forward part of many experts, of which each row goes through a few.
package struct ExpertsSpec: Sendable, Equatable {
  /// Scores the experts.
  package var router: LinearSpec
  package var experts: [FeedForwardSpec]
  package var routing: RoutingSpec
  /// An expert for every row.
  package var shared: FeedForwardSpec?
  /// Scores the shared expert: sigmoid.
  package var sharedGate: LinearSpec?

  var linears: [LinearSpec] {
    [router] + experts.flatMap(\.linears) + (shared?.linears ?? []) + (sharedGate.map { [$0] } ?? [])
  }

  var parameters: [ParameterSpec] { linears.flatMap(\.parameters) + (routing.correction.map { [$0] } ?? []) }
}

/// Which experts a row goes through, and with what weights.
package struct RoutingSpec: Sendable, Equatable {
  package enum Scores: Sendable {
    /// Over all experts.
    case softmax
    /// Of each expert.
    case sigmoid
  }

  /// What the router's outputs become.
  package var scores = Scores.softmax
  /// A number for each expert that is added to its score where experts are chosen, but not in its weight.
  ///
  /// Wang et al. 2024, arXiv:2408.15664.
  package var correction: ParameterSpec?
  /// Nil where all experts may be chosen.
  package var groups: ExpertGroups?
  /// How many experts a row goes through: those with the highest scores.
  package var chosen: Int
  /// Whether the weights of the chosen ones are divided by their sum.
  package var isNormalized: Bool
  /// What weights are multiplied by at the end.
  package var scale: Float = 1

  package init(chosen: Int, isNormalized: Bool) {
    self.chosen = chosen
    self.isNormalized = isNormalized
  }
}

/// Experts are chosen from the best groups alone (DeepSeek-AI 2024, arXiv:2405.04434, section 2.1.3).
package struct ExpertGroups: Sendable, Equatable {
  /// Of as many experts each, one after another.
  package var count: Int
  package var chosen: Int
  /// How many of its best scores make the score of a group.
  package var best: Int
}
