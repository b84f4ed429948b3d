// What an artifact must show before it may enter a channel: a YAML file.
//
//     version: 1
//     name: production
//     suite: ../suites/core        # a folder, from this file; or suite_digest: <64 hex>
//     strategy: local              # the record must come from this strategy
//     minimum_fixtures: 12         # fewer are no evidence
//     rules:
//       - metric: fixtures.pass_rate
//         min: 0.7
//       - metric: perplexity_ratio
//         max: 1.05
//         severity: review         # reject (the default) or review: what breaking the rule leads to
//     compare:                     # a paired test against what the channel holds now
//       significance: 0.05

import SafeIO

/// The rules of a gate.
package struct Policy: Sendable {
  /// What breaking a rule leads to.
  package enum Severity: String, Sendable {
    case reject
    case review
  }

  package struct Rule: Sendable {
    package let metric: String
    package let minimum: Double?
    package let maximum: Double?
    package let severity: Severity
  }

  /// The paired comparison with the channel's artifact.
  package struct Comparison: Sendable {
    /// Below this probability a loss counts as proven.
    package let significance: Double
    package let severity: Severity
  }

  package let name: String
  package let suiteDigest: String
  package let strategy: String
  package let minimumFixtures: Int
  package let rules: [Rule]
  package let comparison: Comparison?

  /// Fewer fixtures than this are no evidence, unless the policy says otherwise.
  static let defaultMinimumFixtures = 10

  /// - Parameter folder: where a relative `suite` starts.
  /// - Throws: `Failure.badData` that names the key, `notFound` without the suite.
  package init(_ json: JSON, source: String, folder: String) throws(Failure) {
    let fields = try Fields(json, source: source)
    try fields.rejectUnknown(known: [
      "version", "name", "suite", "suite_digest", "strategy", "minimum_fixtures", "rules", "compare",
    ])
    guard try fields.int("version") == 1 else {
      throw fields.complaint("version", "this mlt reads policies of version 1")
    }
    name = try fields.string("name")
    suiteDigest = try Policy.suiteDigest(fields, folder: folder)
    strategy = try fields.string("strategy", default: "local")
    minimumFixtures = try fields.int("minimum_fixtures", default: Policy.defaultMinimumFixtures)
    guard minimumFixtures >= 2 else {
      throw fields.complaint("minimum_fixtures", "must be 2 or more: one success is no evidence")
    }
    rules = try Policy.rules(fields)
    comparison = try Policy.comparison(fields)
    guard !rules.isEmpty else { throw fields.complaint("rules", "a gate without rules lets everything in") }
  }

  /// Reads a policy file.
  package init(bytes: [UInt8], path: String) throws(Failure) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badData(path, "is not UTF-8 text")
    }
    try self.init(JSON.parseYAML(text, source: path), source: path, folder: Files.parent(of: path))
  }

  private static func suiteDigest(_ fields: Fields, folder: String) throws(Failure) -> String {
    switch (try fields.optionalString("suite"), try fields.optionalString("suite_digest")) {
    case (let path?, nil):
      let suite = path.hasPrefix("/") ? path : "\(folder)/\(path)"
      guard Files.isDirectory(suite) else {
        throw .notFound(suite, "the suite of \(fields.source) is not there")
      }
      return try Digest.tree(suite).digest
    case (nil, let digest?):
      guard Digest.isValid(digest) else {
        throw fields.complaint("suite_digest", "expected 64 lowercase hexadecimal digits")
      }
      return digest
    default: throw fields.complaint("suite", "give either suite or suite_digest")
    }
  }

  private static func rules(_ fields: Fields) throws(Failure) -> [Rule] {
    var rules: [Rule] = []
    for (index, element) in try fields.array("rules").enumerated() {
      let rule = try Fields(element, source: "\(fields.source): rule \(index + 1)")
      try rule.rejectUnknown(known: ["metric", "min", "max", "severity"])
      let minimum = try rule.optionalDouble("min")
      let maximum = try rule.optionalDouble("max")
      guard minimum != nil || maximum != nil else { throw rule.complaint("min", "give min, max or both") }
      if let minimum, let maximum, minimum > maximum { throw rule.complaint("min", "is above max") }
      rules.append(
        Rule(metric: try metric(rule), minimum: minimum, maximum: maximum, severity: try severity(rule)))
    }
    return rules
  }

  /// The name of a measurement; of those that are derived here, a wrong one is noticed here.
  private static func metric(_ rule: Fields) throws(Failure) -> String {
    let name = try rule.string("metric")
    guard !name.hasPrefix(Metric.derivedPrefix) || Metric.derived(name) != nil else {
      throw rule.complaint(
        "metric",
        "'\(name)' is not known; known: \(Metric.derived.joined(separator: ", ")), each also as NAME.KIND")
    }
    return name
  }

  private static func comparison(_ fields: Fields) throws(Failure) -> Comparison? {
    guard let compare = try fields.optionalFields("compare") else { return nil }
    try compare.rejectUnknown(known: ["significance", "severity"])
    let significance = try compare.double("significance", default: 0.05)
    guard significance > 0 && significance < 0.5 else {
      throw compare.complaint("significance", "must lie between 0 and 0.5")
    }
    return Comparison(significance: significance, severity: try severity(compare))
  }

  private static func severity(_ fields: Fields) throws(Failure) -> Severity {
    let text = try fields.string("severity", default: Severity.reject.rawValue)
    guard let severity = Severity(rawValue: text) else {
      throw fields.complaint("severity", "expected reject or review, found '\(text)'")
    }
    return severity
  }
}
