// The comparison as a table, a page and JSON.

import Registry
import SafeIO

extension Comparison {
  /// The headings of the table.
  package var headings: [String] {
    ["artifact", "size", "bits/weight", "perplexity", "KL from base"]
      + (suites.count == 1 ? ["passed"] : suites.map { "\(title($0)) passed" })
      + ["first token", "tokens/s", "memory", "verdict"]
  }

  /// A suite's name, with the beginning of its digest where another has the same name.
  private func title(_ suite: Suite) -> String {
    suites.count { $0.name == suite.name } == 1 ? suite.name : "\(suite.name) \(suite.digest.prefix(8))"
  }

  /// The table: a row for each artifact, in the order in which they were given.
  package var table: [[String]] {
    rows.map { row in
      [
        row.name, Figures.bytes(row.metric(Metric.size)), Figures.fixed(row.metric(Metric.bitsPerWeight), 2),
        Figures.fixed(row.metric(Metric.perplexity), 2), Figures.small(row.metric(Metric.klDivergence)),
      ] + suites.map { row.result(on: $0)?.score() ?? Figures.missing } + [
        Figures.seconds(row.metric(Metric.timeToFirstToken)),
        Figures.fixed(row.metric(Metric.tokensPerSecond), 0), Figures.bytes(row.metric(Metric.peakMemory)),
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

  /// The HTML file.
  package var html: String {
    var page = HTMLPage(title: "Comparison of \(rows.count) artifact\(rows.count == 1 ? "" : "s")")
    let emphasis: [String?] = rows.map { row in
      switch decision(row)?.verdict {
      case "accept": "pass"
      case "reject": "fail"
      case .some: "review"
      case nil: nil
      }
    }
    page.addTable(headings, table, emphasis: emphasis)
    page.add("p", Self.legend)
    if !heldBack.isEmpty { page.add("h2", "What the gate said") }
    for one in heldBack {
      page.addDetails("\(one.name): \(one.verdict)", sentences: one.reasons, quotation: nil)
    }
    for suite in suites { addKinds(of: suite, to: &page) }
    page.add("h2", "Fixtures that were not passed")
    for row in rows {
      for result in row.results where !result.failures.isEmpty {
        page.addDetails(
          "\(row.name), \(result.record.suiteName): \(result.failures.count)", sentences: result.failures,
          quotation: nil)
      }
    }
    return page.text
  }

  private static let legend =
    "Perplexity and KL-divergence (nats per token) are of the evaluation's text. A fixture is passed when the answer meets "
    + "every check. First token: median time from question to first output. Tokens per second: median over the fixtures. "
    + "Memory: peak of the process that evaluated."

  /// How each artifact did on each kind of fixture of a suite.
  private func addKinds(of suite: Suite, to page: inout HTMLPage) {
    let tested = rows.filter { $0.result(on: suite) != nil }
    let kinds = Set(tested.flatMap { $0.result(on: suite)?.record.fixtures.map(\.kind) ?? [] }).sorted()
    guard kinds.count > 1 else { return }
    page.add("h2", "\(title(suite)), by kind")
    page.addTable(
      ["kind"] + tested.map(\.name),
      kinds.map { kind in
        [kind.replacing("_", with: " ")]
          + tested.map { $0.result(on: suite)?.score(kind: kind) ?? Figures.missing }
      })
  }

  /// The comparison as JSON.
  package var json: JSON {
    [
      "version": 1,
      "artifacts": .array(
        rows.map { row in
          var metrics: JSONObject = [:]
          let names = Set(row.results.flatMap(\.record.metrics.keys))
          for name in names.sorted() { metrics[name] = row.metric(name).map(JSON.double) }
          return [
            "name": .string(row.name), "manifest_digest": row.digest.map(JSON.string) ?? .null,
            "strategy": .string(row.strategy),
            "suites": .array(
              row.results.map {
                [
                  "name": .string($0.record.suiteName), "passed": .integer($0.passed),
                  "fixtures": .integer($0.record.fixtures.count),
                ]
              }),
            "metrics": .object(metrics),
            "verdict": decision(row).map { .string($0.verdict) } ?? .null,
            "reasons": .array((decision(row)?.reasons ?? []).map(JSON.string)),
          ]
        }),
    ]
  }
}
