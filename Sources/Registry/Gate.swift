// The gate: an evaluation record and a policy in, a verdict out. It computes nothing about models; it asks whether
// the record is about this artifact, whether there is enough of it, and whether each number keeps its limit. What was
// not measured is never taken for good: it needs review.

import SafeIO

/// Decides about promotion.
package struct Gate: Sendable {
  package let policy: Policy

  package init(policy: Policy) { self.policy = policy }

  /// What the channel holds now.
  package enum Incumbent: Sendable {
    /// The channel is empty.
    case none
    /// Its record.
    case record(EvaluationRecord)
    /// Its record can't be read, for this reason.
    case unreadable(String)
  }

  /// Judges an artifact.
  ///
  /// - Parameters:
  ///   - artifact: its manifest digest.
  ///   - record: the evaluation that is offered as evidence.
  ///   - incumbent: what it would replace.
  package func judge(artifact: String, record: EvaluationRecord, incumbent: Incumbent) -> Verdict {
    let binding = binding(artifact, record)
    // A record about something else says nothing, so nothing else is asked of it.
    if binding.contains(where: { $0.outcome == .reject }) { return Verdict(checks: binding) }
    var checks = binding + evidence(record)
    checks += policy.rules.map { check($0, record) }
    if let comparison = policy.comparison { checks.append(compare(record, incumbent, comparison)) }
    return Verdict(checks: checks)
  }

  // MARK: Is it about this artifact, this suite, this strategy?

  private func binding(_ artifact: String, _ record: EvaluationRecord) -> [Verdict.Check] {
    func check(_ rule: String, _ fits: Bool, _ problem: String) -> Verdict.Check {
      Verdict.Check(rule, fits ? .accept : .reject, fits ? "\(rule): yes" : problem)
    }
    let about = record.artifact.map { "artifact \($0.prefix(12))…" } ?? "an artifact without a manifest"
    return [
      check(
        "the record is about this artifact", record.artifact == artifact,
        "the record is about \(about), not about \(artifact.prefix(12))…; evaluate this artifact"),
      check(
        "the record is from the policy's suite", record.suiteDigest == policy.suiteDigest,
        "the record is from suite '\(record.suiteName)' \(record.suiteDigest.prefix(12))…, the policy asks for "
          + "\(policy.suiteDigest.prefix(12))…; the fixtures changed or are others, evaluate again"),
      check(
        "the record is from the \(policy.strategy) strategy", record.strategy == policy.strategy,
        "the record is from the '\(record.strategy)' strategy, the policy asks for '\(policy.strategy)'"),
    ]
  }

  // MARK: Is it enough?

  private func evidence(_ record: EvaluationRecord) -> [Verdict.Check] {
    let rule = "at least \(policy.minimumFixtures) fixtures, all of the suite"
    let count = record.fixtures.count
    let reason: String
    if let unavailable = record.unavailable {
      reason = "the strategy could not run: \(unavailable)"
    } else if count < policy.minimumFixtures {
      reason = "\(count) fixtures are too few to judge by, the policy asks for \(policy.minimumFixtures)"
    } else if count != record.suiteCount {
      reason = "the record holds \(count) fixtures of the suite's \(record.suiteCount)"
    } else {
      return [Verdict.Check(rule, .accept, "\(count) fixtures, all of the suite")]
    }
    return [Verdict.Check(rule, .needsReview, reason)]
  }

  // MARK: Does each number keep its limit?

  private func check(_ rule: Policy.Rule, _ record: EvaluationRecord) -> Verdict.Check {
    let limits = [
      rule.minimum.map { "≥ \(words($0, rule.metric))" },
      rule.maximum.map { "≤ \(words($0, rule.metric))" },
    ].compactMap(\.self).joined(separator: " and ")
    let text = "\(rule.metric) \(limits)"
    guard let measured = record.measurement(rule.metric), measured.isFinite else {
      return Verdict.Check(
        text, .needsReview,
        "\(rule.metric) was not measured\(hint(rule.metric, record)); the policy asks for \(limits)",
        minimum: rule.minimum, maximum: rule.maximum)
    }
    let isKept = measured >= rule.minimum ?? -.infinity && measured <= rule.maximum ?? .infinity
    let outcome: Verdict.Outcome = isKept ? .accept : rule.severity == .reject ? .reject : .needsReview
    let value = "\(rule.metric) is \(words(measured, rule.metric))\(spread(rule, record))"
    return Verdict.Check(
      text, outcome, isKept ? "\(value), within \(limits)" : "\(value), the policy asks for \(limits)",
      measured: measured, minimum: rule.minimum, maximum: rule.maximum)
  }

  private func words(_ value: Double, _ metric: String) -> String {
    if metric.hasSuffix("_bytes"), let count = Int(exactly: value.rounded()) { return Words.bytes(count) }
    return Words.significant(value)
  }

  /// What a pass rate from so few fixtures is worth.
  private func spread(_ rule: Policy.Rule, _ record: EvaluationRecord) -> String {
    guard Metric.derived(rule.metric)?.measurement == Metric.passRate else { return "" }
    let chosen = record.fixtures(for: rule.metric)
    let passed = chosen.count { $0.passed }
    let interval = Statistics.interval(passed: passed, of: chosen.count)
    let low = Int((interval.lowerBound * 100).rounded())
    let high = Int((interval.upperBound * 100).rounded())
    let isWeak = passed > 0 && interval.lowerBound < rule.minimum ?? 0
    return " (\(passed) of \(chosen.count); 95 % interval \(low)–\(high) %\(isWeak ? ", underpowered" : ""))"
  }

  /// Why a measurement may be missing.
  private func hint(_ metric: String, _ record: EvaluationRecord) -> String {
    if record.metrics[metric] != nil { return " against another artifact" }
    let near = Spelling.suggestion(for: metric, among: record.metrics.keys.sorted())
    if near.hasPrefix("; did") { return " (\(near.dropFirst(2)))" }
    return Metric.relative.contains(metric) ? " (evaluate with --reference)" : ""
  }

  // MARK: Is it as good as what it replaces?

  private func compare(
    _ record: EvaluationRecord, _ incumbent: Incumbent, _ comparison: Policy.Comparison
  ) -> Verdict.Check {
    let rule = "no worse than the channel's artifact, fixture by fixture"
    let current: EvaluationRecord
    switch incumbent {
    case .none: return Verdict.Check(rule, .accept, "the channel is empty: nothing to compare with")
    case .unreadable(let reason):
      return Verdict.Check(rule, .needsReview, "the channel's artifact can't be compared with: \(reason)")
    case .record(let record): current = record
    }
    guard current.suiteDigest == record.suiteDigest, current.strategy == record.strategy else {
      return Verdict.Check(
        rule, .needsReview,
        "the channel's artifact was evaluated on another suite or strategy; evaluate it again and promote it")
    }
    let before = Dictionary(uniqueKeysWithValues: current.fixtures.map { ($0.name, $0.passed) })
    let pairs = record.fixtures.compactMap { now in before[now.name].map { (before: $0, now: now.passed) } }
    let lost = pairs.count { $0.before && !$0.now }
    let won = pairs.count { !$0.before && $0.now }
    let probability = Statistics.mcNemar(lost: lost, won: won)
    let provable = Statistics.smallestProvableLoss(significance: comparison.significance)
    let score =
      "against the channel's artifact \(lost) fixtures lost and \(won) won of \(pairs.count) "
      + "(exact McNemar p = \(Words.significant(probability)))"
    if lost > won && probability < comparison.significance {
      let outcome: Verdict.Outcome = comparison.severity == .reject ? .reject : .needsReview
      return Verdict.Check(rule, outcome, "\(score): worse", measured: probability)
    }
    if lost > won {
      let reason = "\(score): maybe worse, underpowered: it can't be told from chance"
      return Verdict.Check(rule, .needsReview, reason, measured: probability)
    }
    let limit =
      pairs.count < provable
      ? "underpowered: \(pairs.count) fixtures can't prove a loss"
      : "a loss is proven from \(provable) fixtures on"
    return Verdict.Check(rule, .accept, "\(score); \(limit)", measured: probability)
  }
}
