// The two pieces of statistics that the gate rests on.

import Glibc

/// Exact tests and intervals for passed and failed fixtures.
package enum Statistics {
  /// McNemar's exact test: how likely a split at least as uneven as this one is by chance alone, two-sided.
  ///
  /// Of the fixtures on which two artifacts differ, each side wins with probability ½ when neither is better, so
  /// `lost` is binomial (McNemar 1947; the exact form as in `statsmodels.stats.contingency_tables.mcnemar(exact=True)`).
  /// - Returns: 1 when they differ nowhere.
  package static func mcNemar(lost: Int, won: Int) -> Double {
    let count = lost + won
    // Σ C(n, i) / 2ⁿ for i up to the smaller side, through logarithms so that no term overflows.
    var tail = 0.0
    for i in 0...min(lost, won) {
      let term = lgamma(Double(count + 1)) - lgamma(Double(i + 1)) - lgamma(Double(count - i + 1))
      tail += exp(term - Double(count) * log(2.0))
    }
    return min(1, 2 * tail)
  }

  /// How many fixtures must be lost, with none won, before `mcNemar` falls below `significance`.
  package static func smallestProvableLoss(significance: Double) -> Int {
    var lost = 1
    while mcNemar(lost: lost, won: 0) >= significance && lost < 10_000 { lost += 1 }
    return lost
  }

  /// The range of true pass rates that a count is compatible with at 95 % (Wilson 1927).
  package static func interval(passed: Int, of count: Int) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let z = 1.959963984540054
    let n = Double(count)
    let rate = Double(passed) / n
    let center = (rate + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    return max(0, center - half)...min(1, center + half)
  }
}
