// What the gate says, and why.

import SafeIO

/// The gate's answer about one artifact.
package struct Verdict: Sendable {
  package enum Outcome: String, Sendable, Comparable {
    case accept
    case needsReview = "needs-review"
    case reject

    package static func < (left: Outcome, right: Outcome) -> Bool { left.rank < right.rank }

    private var rank: Int {
      switch self {
      case .accept: 0
      case .needsReview: 1
      case .reject: 2
      }
    }
  }

  /// One question that was asked.
  package struct Check: Sendable {
    /// What was asked, such as `perplexity_ratio ≤ 1.05`.
    package let rule: String
    /// What the answer leads to.
    package let outcome: Outcome
    package let measured: Double?
    package let minimum: Double?
    package let maximum: Double?
    /// The answer as a sentence.
    package let reason: String

    init(
      _ rule: String, _ outcome: Outcome, _ reason: String, measured: Double? = nil, minimum: Double? = nil,
      maximum: Double? = nil
    ) {
      self.rule = rule
      self.outcome = outcome
      self.reason = reason
      self.measured = measured
      self.minimum = minimum
      self.maximum = maximum
    }

    package var json: JSON {
      [
        "rule": .string(rule), "outcome": .string(outcome.rawValue), "measured": number(measured),
        "min": number(minimum), "max": number(maximum), "reason": .string(reason),
      ]
    }

    private func number(_ value: Double?) -> JSON { value.map(JSON.double) ?? .null }
  }

  /// Every question, in the order of the policy.
  package let checks: [Check]

  /// The worst of the answers.
  package var outcome: Outcome { checks.map(\.outcome).max() ?? .needsReview }

  /// Why the artifact is not simply accepted; empty when it is.
  package var reasons: [String] { checks.filter { $0.outcome != .accept }.map(\.reason) }
}
