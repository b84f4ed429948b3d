// The evaluation record as the gate reads it. Evaluation writes it, with more in it than is read here; the names that
// both sides must agree on stand in this file.

import SafeIO

/// What an evaluation of one artifact on one suite found.
package struct EvaluationRecord: Sendable {
  /// The version of the form; another one is refused.
  package static let version = 1

  /// The keys that the gate reads.
  package enum Key {
    package static let version = "version"
    package static let artifact = "artifact"
    package static let base = "base"
    package static let reference = "reference"
    package static let manifestDigest = "manifest_digest"
    package static let name = "name"
    package static let suite = "suite"
    package static let digest = "digest"
    package static let fixtures = "fixtures"
    package static let strategy = "strategy"
    package static let unavailable = "unavailable"
    package static let metrics = "metrics"
    package static let kind = "kind"
    package static let passed = "passed"
    package static let category = "category"
  }

  package struct Fixture: Sendable, Equatable {
    package let name: String
    package let kind: String
    package let passed: Bool
  }

  /// The manifest digest of the evaluated artifact; nil when it had no manifest.
  package let artifact: String?
  /// The manifest digest of what perplexity and divergence were compared with.
  package let reference: String?
  package let suiteName: String
  package let suiteDigest: String
  /// How many fixtures the suite holds.
  package let suiteCount: Int
  package let strategy: String
  /// Why the strategy could not run, if it could not.
  package let unavailable: String?
  /// What was measured, by name.
  package let metrics: [String: Double]
  package let fixtures: [Fixture]

  package init(_ json: JSON, source: String) throws(Failure) {
    let fields = try Fields(json, source: source)
    guard try fields.int(Key.version) == EvaluationRecord.version else {
      throw fields.complaint(Key.version, "this mlt reads records of version \(EvaluationRecord.version)")
    }
    artifact = try fields.fields(Key.artifact).optionalString(Key.manifestDigest)
    reference = try fields.optionalFields(Key.reference)?.optionalString(Key.manifestDigest)
    let suite = try fields.fields(Key.suite)
    suiteName = try suite.string(Key.name)
    suiteDigest = try suite.string(Key.digest)
    suiteCount = try suite.int(Key.fixtures)
    strategy = try fields.string(Key.strategy)
    unavailable = try fields.optionalString(Key.unavailable)
    metrics = try EvaluationRecord.metrics(fields.fields(Key.metrics))
    fixtures = try EvaluationRecord.fixtures(fields)
  }

  private static func metrics(_ fields: Fields) throws(Failure) -> [String: Double] {
    var metrics: [String: Double] = [:]
    for name in fields.object.keys { metrics[name] = try fields.optionalDouble(name) }
    return metrics
  }

  private static func fixtures(_ fields: Fields) throws(Failure) -> [Fixture] {
    var fixtures: [Fixture] = []
    var names: Set<String> = []
    for (index, element) in try fields.array(Key.fixtures).enumerated() {
      let fixture = try Fields(element, source: "\(fields.source): fixture \(index)")
      let name = try fixture.string(Key.name)
      guard names.insert(name).inserted else { throw fixture.complaint(Key.name, "'\(name)' stands twice") }
      fixtures.append(
        Fixture(name: name, kind: try fixture.string(Key.kind), passed: try fixture.bool(Key.passed)))
    }
    return fixtures
  }
}

/// Names of measurements in records and policies.
package enum Metric {
  package static let perplexity = "perplexity"
  /// Perplexity of the artifact over that of the reference.
  package static let perplexityRatio = "perplexity_ratio"
  /// Mean over tokens, in nats, of the divergence of the artifact's distribution from the reference's.
  package static let klDivergence = "kl_divergence"
  package static let schemaValidRate = "schema_valid_rate"
  package static let timeToFirstToken = "time_to_first_token_seconds"
  package static let tokensPerSecond = "tokens_per_second"
  package static let peakMemory = "peak_memory_bytes"
  package static let bitsPerWeight = "bits_per_weight"
  package static let size = "size_bytes"

  /// Derived from the fixtures, never read from a record; `fixtures.pass_rate.bug` is that of one kind.
  package static let passRate = "fixtures.pass_rate"
  package static let fixtureCount = "fixtures.count"
  package static let passedCount = "fixtures.passed"
  package static let failedCount = "fixtures.failed"

  /// Measurements that mean nothing without a reference.
  static let relative = [perplexityRatio, klDivergence]

  /// What the names of all derived measurements begin with.
  static let derivedPrefix = "fixtures."
  /// The derived measurements; each also stands for one kind of fixture, as `NAME.KIND`.
  static let derived = [passRate, fixtureCount, passedCount, failedCount]

  /// The derived measurement that a name asks for, and the kind it is limited to; nil when there is no such one.
  static func derived(_ name: String) -> (measurement: String, kind: Substring?)? {
    for measurement in derived {
      if name == measurement { return (measurement, nil) }
      if name.hasPrefix(measurement + ".") { return (measurement, name.dropFirst(measurement.count + 1)) }
    }
    return nil
  }
}

extension EvaluationRecord {
  /// The fixtures that a derived metric such as `fixtures.pass_rate.bug` speaks of.
  func fixtures(for metric: String) -> [Fixture] {
    guard let kind = Metric.derived(metric)?.kind else { return fixtures }
    return fixtures.filter { $0.kind == kind }
  }

  /// A measurement by name; nil when it is missing, also when it needs what the record does not have.
  func measurement(_ metric: String) -> Double? {
    guard metric.hasPrefix(Metric.derivedPrefix) else {
      if Metric.relative.contains(where: { metric.hasPrefix($0) }), reference == nil || reference == artifact
      {
        return nil
      }
      return metrics[metric]
    }
    let chosen = fixtures(for: metric)
    let passed = chosen.count { $0.passed }
    guard !chosen.isEmpty else { return nil }
    switch Metric.derived(metric)?.measurement {
    case Metric.passRate: return Double(passed) / Double(chosen.count)
    case Metric.fixtureCount: return Double(chosen.count)
    case Metric.passedCount: return Double(passed)
    case Metric.failedCount: return Double(chosen.count - passed)
    default: return nil
    }
  }
}
