// Verdicts from records and policies.

import Registry
import SafeIO
import Testing

@Suite struct GateTests {
  private let artifact = Digest.sha256("candidate")

  private func judge(
    _ record: JSON, policy: String = Sample.policy, incumbent: Gate.Incumbent = .none
  ) throws -> Verdict {
    let policy = try Policy(bytes: [UInt8](policy.utf8), path: "policy.yaml")
    let record = try EvaluationRecord(record, source: "record.json")
    return Gate(policy: policy).judge(artifact: artifact, record: record, incumbent: incumbent)
  }

  @Test func `what keeps every limit is accepted`() throws {
    let verdict = try judge(Sample.record(artifact))
    #expect(verdict.outcome == .accept && verdict.reasons.isEmpty)
  }

  @Test func `a broken limit is a rejection with the number and the limit`() throws {
    let verdict = try judge(Sample.record(artifact, metrics: ["perplexity_ratio": 1.5]))
    #expect(verdict.outcome == .reject)
    #expect(
      verdict.reasons == [
        "perplexity_ratio is 1.5, the policy asks for ≤ 1.05",
        "perplexity_ratio is 1.5, the policy asks for ≤ 1.02",
      ])
  }

  @Test func `a broken limit of severity review needs review`() throws {
    #expect(try judge(Sample.record(artifact, metrics: ["perplexity_ratio": 1.03])).outcome == .needsReview)
  }

  @Test func `too many failed fixtures are a rejection that tells how sure it is`() throws {
    let verdict = try judge(Sample.record(artifact, failed: 4))
    #expect(verdict.outcome == .reject)
    // statsmodels.stats.proportion.proportion_confint(8, 12, method="wilson") = (0.3906, 0.8619)
    #expect(
      verdict.reasons == [
        "fixtures.pass_rate is 0.6667 (8 of 12; 95 % interval 39–86 %, underpowered), the policy asks for ≥ 0.75"
      ])
  }

  @Test func `a missing measurement needs review and is never accepted`() throws {
    let verdict = try judge(Sample.record(artifact, metrics: ["perplexity_ration": 1]))
    #expect(verdict.outcome == .needsReview)
    #expect(
      verdict.reasons.first
        == "perplexity_ratio was not measured (did you mean 'perplexity_ration'?); the policy asks for ≤ 1.05"
    )
    #expect(try judge(Sample.record(artifact, metrics: ["perplexity_ratio": nil])).outcome == .needsReview)
  }

  @Test func `a ratio to itself or to nothing is no measurement`() throws {
    for reference in [JSON.null, ["manifest_digest": .string(artifact)], ["name": "base"]] {
      let verdict = try judge(Sample.record(artifact, changing: ["reference": reference]))
      #expect(verdict.outcome == .needsReview)
      #expect(verdict.reasons.first?.contains("was not measured against another artifact") == true)
    }
  }

  @Test func `one success is no evidence`() throws {
    let one: JSONObject = [
      "suite": ["name": "core", "digest": .string(Sample.suite), "fixtures": 1],
      "fixtures": [["name": "only", "kind": "bug", "passed": true]],
    ]
    let verdict = try judge(Sample.record(artifact, changing: one))
    #expect(verdict.outcome == .needsReview)
    #expect(verdict.reasons == ["1 fixtures are too few to judge by, the policy asks for 12"])
  }

  @Test func `a record that leaves fixtures out needs review`() throws {
    let suite: JSON = ["name": "core", "digest": .string(Sample.suite), "fixtures": 13]
    let verdict = try judge(Sample.record(artifact, changing: ["suite": suite]))
    #expect(verdict.reasons == ["the record holds 12 fixtures of the suite's 13"])
  }

  @Test func `a strategy that could not run needs review`() throws {
    let verdict = try judge(
      Sample.record(artifact, changing: ["unavailable": "no endpoint", "fixtures": []]))
    #expect(verdict.outcome == .needsReview)
    #expect(verdict.reasons.first == "the strategy could not run: no endpoint")
  }

  @Test func `a record about another artifact, suite or strategy is rejected`() throws {
    let records = [
      Sample.record(Digest.sha256("another")),
      Sample.record(artifact, changing: ["artifact": ["manifest_digest": nil]]),
      Sample.record(artifact, changing: ["suite": ["name": "x", "digest": "x", "fixtures": 12]]),
      Sample.record(artifact, changing: ["strategy": "deterministic"]),
    ]
    for record in records {
      let verdict = try judge(record)
      #expect(verdict.outcome == .reject && verdict.reasons.count == 1)
    }
  }

  @Test func `the pass rate of a kind is derived from the fixtures, whatever the metrics say`() throws {
    let policy = """
      {version: 1, name: kinds, suite_digest: \(Sample.suite), rules: [
        {metric: fixtures.pass_rate.injection, min: 1}, {metric: fixtures.failed, max: 2},
        {metric: fixtures.count.bug, min: 4}, {metric: fixtures.pass_rate.unheard, min: 0.1}]}
      """
    let lie: JSONObject = ["fixtures.pass_rate.injection": 1.0]
    let verdict = try judge(Sample.record(artifact, failed: 3, metrics: lie), policy: policy)
    let rules = verdict.checks.suffix(4)
    #expect(rules.map(\.outcome) == [.reject, .reject, .accept, .needsReview])
    #expect(rules.first?.measured == 0.75)
  }

  // MARK: Against the channel

  private func incumbent(failed: Int) throws -> Gate.Incumbent {
    .record(try EvaluationRecord(Sample.record(Digest.sha256("old"), failed: failed), source: "old"))
  }

  private static let anyRate = Sample.policy.replacing("min: 0.75", with: "min: 0")

  @Test(arguments: [(0, Verdict.Outcome.accept), (5, .needsReview), (6, .reject)])
  func `a loss is rejected when it is proven, and reviewed when it may be chance`(
    lost: Int, expected: Verdict.Outcome
  ) throws {
    let verdict = try judge(
      Sample.record(artifact, failed: lost), policy: GateTests.anyRate, incumbent: incumbent(failed: 0))
    #expect(verdict.outcome == expected)
  }

  @Test func `an improvement is accepted`() throws {
    #expect(try judge(Sample.record(artifact), incumbent: incumbent(failed: 3)).outcome == .accept)
  }

  @Test func `a comparison says when it could not prove a loss`() throws {
    let policy = GateTests.anyRate.replacing("significance: 0.05", with: "significance: 0.0001")
    let verdict = try judge(Sample.record(artifact), policy: policy, incumbent: incumbent(failed: 0))
    #expect(verdict.checks.last?.reason.contains("underpowered: 12 fixtures can't prove a loss") == true)
  }

  @Test func `an incumbent that can't be compared with needs review`() throws {
    #expect(try judge(Sample.record(artifact), incumbent: .unreadable("gone")).outcome == .needsReview)
    let other = Sample.record(artifact, changing: ["suite": ["name": "x", "digest": "x", "fixtures": 12]])
    let record = try EvaluationRecord(other, source: "old")
    #expect(try judge(Sample.record(artifact), incumbent: .record(record)).outcome == .needsReview)
  }

  // MARK: Reading

  @Test(arguments: [
    ("version: 2\nname: x", "key 'version'"),
    ("version: 1\nname: x\nsuite_digest: abc\nrules: []", "key 'suite_digest'"),
    ("version: 1\nname: x\nrules: []", "key 'suite'"),
    ("version: 1\nname: x\nsuite_digest: \(Sample.suite)\nrules: []", "key 'rules'"),
    ("version: 1\nname: x\nsuite_digest: \(Sample.suite)\nrule: []", "did you mean 'rules'?"),
    ("version: 1\nname: x\nsuite_digest: \(Sample.suite)\nrules: [{metric: a}]", "rule 1: key 'min'"),
    (
      "version: 1\nname: x\nsuite_digest: \(Sample.suite)\nrules: [{metric: a, min: 2, max: 1}]",
      "is above max"
    ),
    (
      "version: 1\nname: x\nsuite_digest: \(Sample.suite)\nrules: [{metric: a, max: 1, severity: warn}]",
      "expected reject or review, found 'warn'"
    ),
    (
      "version: 1\nname: x\nsuite_digest: \(Sample.suite)\nminimum_fixtures: 1\nrules: [{metric: a, max: 1}]",
      "one success is no evidence"
    ),
    (
      "version: 1\nname: x\nsuite_digest: \(Sample.suite)\nrules: [{metric: fixtures.passed_rate, min: 0.7}]",
      "'fixtures.passed_rate' is not known; known: fixtures.pass_rate, fixtures.count, fixtures.passed, "
    ),
    ("- a list", "expected an object"),
  ])
  func `a policy that can't be meant is refused, with the key`(text: String, words: String) {
    let found = failure { _ = try Policy(bytes: [UInt8](text.utf8), path: "policy.yaml") }
    #expect(found?.kind == .badData && found?.message.contains(words) == true, "\(found?.message ?? "")")
  }

  @Test func `a record of another version, with repeated fixtures or wrong types is refused`() {
    let fixture: JSON = ["name": "a", "kind": "bug", "passed": true]
    let changes: [JSONObject] = [
      ["version": 2], ["fixtures": [fixture, fixture]], ["metrics": ["perplexity": "low"]], ["suite": "core"],
      ["fixtures": [["name": "a", "kind": "bug", "passed": 1]]],
    ]
    for change in changes {
      let record = Sample.record(artifact, changing: change)
      #expect(failure { _ = try EvaluationRecord(record, source: "record.json") }?.kind == .badData)
    }
  }
}

@Suite struct StatisticsTests {
  /// Values of scipy.stats.binomtest(min, lost + won).pvalue.
  @Test(arguments: [
    (0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (0, 6, 0.03125), (8, 2, 0.109375),
    (10, 1, 0.01171875), (3, 3, 1.0), (40, 20, 0.01349),
  ])
  func `the exact McNemar test agrees with scipy`(lost: Int, won: Int, expected: Double) {
    // lgamma is good to a few ulp, and a sum of up to 60 terms follows; five digits are what the table has.
    #expect(abs(Statistics.mcNemar(lost: lost, won: won) - expected) < 1e-5)
  }

  @Test func `large counts do not overflow`() {
    #expect(Statistics.mcNemar(lost: 5_000, won: 5_000) == 1)
    #expect(Statistics.mcNemar(lost: 9_000, won: 1_000) == 0)
  }

  @Test(arguments: [(0.05, 6), (0.1, 5), (0.01, 8), (0.001, 11)])
  func `the smallest provable loss`(significance: Double, expected: Int) {
    #expect(Statistics.smallestProvableLoss(significance: significance) == expected)
  }

  /// Values of statsmodels.stats.proportion.proportion_confint(method="wilson").
  @Test(arguments: [(0, 30, 0.0, 0.11351), (12, 12, 0.75751, 1.0), (8, 12, 0.39063, 0.86188)])
  func `the interval of a pass rate`(passed: Int, count: Int, low: Double, high: Double) {
    let interval = Statistics.interval(passed: passed, of: count)
    #expect(abs(interval.lowerBound - low) < 1e-5 && abs(interval.upperBound - high) < 1e-5)
  }
}
