// Several artifacts side by side: the table at the end of a pipeline. It is made from evaluation records and from what
// `mlt promote --json` said; a verdict belongs to the artifact with the same manifest digest.

import Registry
import SafeIO

/// The comparison of evaluated artifacts.
package struct Comparison: Sendable {
  /// What the gate said about an artifact.
  package struct Decision: Sendable {
    package let artifact: String
    package let channel: String
    package let verdict: String
    package let moved: Bool
    package let reasons: [String]
  }

  /// What one suite said about an artifact.
  package struct Result: Sendable {
    package let record: EvaluationRecord
    /// A sentence for each fixture that was not passed.
    package let failures: [String]

    package var passed: Int { record.fixtures.count { $0.passed } }

    /// `7 of 25`, of all fixtures or of one kind.
    package func score(kind: String? = nil) -> String {
      guard record.unavailable == nil else { return "unavailable" }
      let fixtures = record.fixtures.filter { kind == nil || $0.kind == kind }
      return fixtures.isEmpty ? Figures.missing : "\(fixtures.count { $0.passed }) of \(fixtures.count)"
    }
  }

  /// An artifact, asked in one way, with its result on each suite.
  package struct Row: Sendable {
    package let name: String
    package let digest: String?
    package let strategy: String
    package fileprivate(set) var results: [Result]

    /// The result on a suite, if it was run.
    package func result(on suite: Suite) -> Result? {
      results.first { $0.record.suiteDigest == suite.digest }
    }

    /// A measurement, from the suite with the most fixtures.
    ///
    /// The records of an artifact agree on what does not depend on the suite; of speed the largest knows most.
    package func metric(_ name: String) -> Double? {
      results.filter { $0.record.metrics[name] != nil }
        .max { $0.record.fixtures.count < $1.record.fixtures.count }?.record.metrics[name]
    }
  }

  /// A suite by which artifacts are compared.
  package struct Suite: Sendable, Hashable {
    package let name: String
    package let digest: String
  }

  package private(set) var rows: [Row] = []
  package private(set) var suites: [Suite] = []
  private var decisions: [Decision] = []

  package init() {}

  /// Reads a record, or the JSON of a promotion.
  ///
  /// - Throws: `Failure.badData` for anything else.
  package mutating func add(path: String) throws(Failure) {
    let json = try JSON.read(path: path, limit: 64 << 20)
    let fields = try Fields(json, source: path)
    if fields.has("verdict") {
      decisions.append(
        Decision(
          artifact: try fields.fields("artifact").string(EvaluationRecord.Key.manifestDigest),
          channel: try fields.string("channel"), verdict: try fields.string("verdict"),
          moved: try fields.bool("moved"), reasons: try fields.strings("reasons")))
      return
    }
    let record = try EvaluationRecord(json, source: path)
    let name = try fields.fields(EvaluationRecord.Key.artifact).string(EvaluationRecord.Key.name)
    var failures: [String] = []
    for element in try fields.array(EvaluationRecord.Key.fixtures) {
      let fixture = try Fields(element, source: path)
      if try fixture.bool(EvaluationRecord.Key.passed) { continue }
      let category = try fixture.string(EvaluationRecord.Key.category, default: "failed")
      failures.append(
        "\(try fixture.string(EvaluationRecord.Key.name)): \(category.replacing("_", with: " "))")
    }
    add(Result(record: record, failures: failures), name: name)
  }

  /// Joins a result to the row of its artifact; a second result on the same suite is a row of its own.
  private mutating func add(_ result: Result, name: String) {
    let record = result.record
    let suite = Suite(name: record.suiteName, digest: record.suiteDigest)
    if !suites.contains(suite) { suites.append(suite) }
    let row = rows.firstIndex {
      $0.digest == record.artifact && $0.name == name && $0.strategy == record.strategy
        && $0.result(on: suite) == nil
    }
    if let row {
      rows[row].results.append(result)
    } else {
      rows.append(Row(name: name, digest: record.artifact, strategy: record.strategy, results: [result]))
    }
  }

  /// What the gate said last about a row's artifact, if it was asked.
  package func decision(_ row: Row) -> Decision? {
    decisions.last { $0.artifact == row.digest }
  }

  /// Artifacts that the gate held back, with its reasons.
  package var heldBack: [(name: String, verdict: String, reasons: [String])] {
    rows.compactMap { row in
      guard let decision = decision(row), !decision.reasons.isEmpty else { return nil }
      return (row.name, decision.verdict, decision.reasons)
    }
  }
}
