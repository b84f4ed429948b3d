// Several artifacts side by side: the table at the end of a pipeline. It is made from evaluation records and from what
// `mlt promote --json` said; a verdict belongs to the record of the same artifact.

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

  /// One record.
  package struct Row: Sendable {
    package let record: EvaluationRecord
    package let name: String
    package let failures: [String]
  }

  package private(set) var rows: [Row] = []
  package private(set) var decisions: [Decision] = []

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
    rows.append(Row(record: record, name: name, failures: failures))
  }

  /// Whether the records are from more than one suite, which then each row names.
  private var namesSuites: Bool { Set(rows.map(\.record.suiteDigest)).count > 1 }

  /// The headings of the table.
  package var headings: [String] {
    ["artifact"] + (namesSuites ? ["suite"] : []) + [
      "size", "bits/weight", "perplexity", "KL from base", "passed", "first token", "tokens/s", "memory",
      "verdict",
    ]
  }

  /// The table, a row for each record in the order in which they were given.
  package var table: [[String]] {
    rows.map { row in
      let metrics = row.record.metrics
      let passed = row.record.fixtures.count { $0.passed }
      return [row.name] + (namesSuites ? [row.record.suiteName] : []) + [
        Figures.bytes(metrics[Metric.size]), Figures.fixed(metrics[Metric.bitsPerWeight], 2),
        Figures.fixed(metrics[Metric.perplexity], 2), Figures.small(metrics[Metric.klDivergence]),
        row.record.unavailable == nil ? "\(passed) of \(row.record.fixtures.count)" : "unavailable",
        Figures.seconds(metrics[Metric.timeToFirstToken]),
        Figures.fixed(metrics[Metric.tokensPerSecond], 0), Figures.bytes(metrics[Metric.peakMemory]),
        verdict(row),
      ]
    }
  }

  /// The verdict with its channel; a dash for what was not put to the gate.
  private func verdict(_ row: Row) -> String {
    guard let decision = decision(row) else { return Figures.missing }
    let approval = decision.moved && decision.verdict != "accept" ? ", approved" : ""
    return "\(decision.verdict)\(approval) (\(decision.channel))"
  }

  private func decision(_ row: Row) -> Decision? {
    decisions.last { $0.artifact == row.record.artifact }
  }

  /// Artifacts that the gate held back, each once, with its reasons.
  package var heldBack: [(name: String, verdict: String, reasons: [String])] {
    var seen: Set<String> = []
    return rows.compactMap { row in
      guard let decision = decision(row), !decision.reasons.isEmpty, seen.insert(decision.artifact).inserted
      else { return nil }
      return (row.name, decision.verdict, decision.reasons)
    }
  }

  /// The HTML file.
  package var html: String {
    var page = HTMLPage(title: "Comparison of \(rows.count) records")
    let emphasis: [String?] = rows.map { row in
      switch decision(row)?.verdict {
      case "accept": "pass"
      case "reject": "fail"
      case .some: "review"
      case nil: nil
      }
    }
    page.addTable(headings, table, emphasis: emphasis)
    if !heldBack.isEmpty { page.add("h2", "What the gate said") }
    for one in heldBack {
      page.addDetails("\(one.name): \(one.verdict)", sentences: one.reasons, quotation: nil)
    }
    page.add("h2", "Fixtures that were not passed")
    for row in rows where !row.failures.isEmpty {
      page.addDetails(
        "\(row.name), \(row.record.suiteName): \(row.failures.count)", sentences: row.failures, quotation: nil
      )
    }
    return page.text
  }

  /// The comparison as JSON.
  package var json: JSON {
    [
      "version": 1,
      "artifacts": .array(
        rows.map { row in
          var metrics: JSONObject = [:]
          for (name, value) in row.record.metrics.sorted(by: { $0.key < $1.key }) {
            metrics[name] = .double(value)
          }
          return [
            "name": .string(row.name), "manifest_digest": row.record.artifact.map(JSON.string) ?? .null,
            "suite": .string(row.record.suiteName), "strategy": .string(row.record.strategy),
            "passed": .integer(row.record.fixtures.count { $0.passed }),
            "fixtures": .integer(row.record.fixtures.count), "metrics": .object(metrics),
            "verdict": decision(row).map { .string($0.verdict) } ?? .null,
            "reasons": .array((decision(row)?.reasons ?? []).map(JSON.string)),
          ]
        }),
    ]
  }
}
