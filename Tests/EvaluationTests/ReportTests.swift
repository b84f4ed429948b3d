// Records and reports: what the gate reads is there, and hostile text stays text.

import Evaluation
import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct ReportTests {
  private static let hostile = "<script>alert('x')</script>\u{1b}[2J\u{202e}&\"\u{0}"

  private func run(_ strategy: any Strategy = DeterministicStrategy()) throws -> MeasuredRun {
    let folder = try SuiteFolder()
    try folder.add("a", task: SuiteFolder.task("a"), files: ["a.py": "def f(n):\n    return 1 / n\n"])
    try folder.add("b", task: SuiteFolder.task("b"), files: ["a.py": "n = 3\n"])
    return MeasuredRun(
      outcome: try SuiteRun(Suite.load(folder: folder.path)).run(strategy), model: nil, reference: nil,
      text: nil,
      generation: .null, peakMemoryBytes: 1000, machine: .current)
  }

  @Test func `the gate reads the record`() throws {
    let run = try run()
    let record = try EvaluationRecord(JSON.parse(run.json.text(), source: "record"), source: "record")
    #expect(record.strategy == "deterministic")
    #expect(record.suiteDigest == run.outcome.suite.digest)
    #expect(record.suiteCount == 2)
    #expect(record.fixtures.map(\.passed) == [true, false])
    #expect(record.metrics["schema_valid_rate"] == 1)
    #expect(record.metrics["peak_memory_bytes"] == 1000)
    #expect(record.metrics["perplexity"] == nil)
    #expect(run.json["fixtures"]?.arrayValue?.map { $0["category"] ?? .null } == [.null, "wrong_file"])
  }

  @Test func `an unavailable strategy leaves a record without fixtures, with the reason`() throws {
    let run = try run(UnavailableStrategy(name: "hosted", reason: "no endpoint"))
    let record = try EvaluationRecord(run.json, source: "record")
    #expect(record.unavailable == "no endpoint")
    #expect(record.fixtures.isEmpty)
    #expect(SuiteReport([run]).html.contains("The strategy is unavailable here: no endpoint"))
  }

  @Test func `hostile answers are inert in the report`() throws {
    let strategy = ScriptedStrategy { _, tools in
      _ = try tools.readFile("a.py")
      return TriageResult(
        summary: Self.hostile, filesInspected: ["a.py", Self.hostile],
        findings: [.init(file: Self.hostile, issue: Self.hostile, evidence: Self.hostile, confidence: 0)],
        recommendedNextStep: Self.hostile
      ).json.text()
    }
    let html = SuiteReport([try run(strategy)]).html
    #expect(!html.contains("<script"))
    #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
    for scalar in ["\u{1b}", "\u{202e}", "\u{0}"] { #expect(!html.contains(scalar)) }
    #expect(!html.contains("http://") && !html.contains("https://"))
  }

  @Test func `an answer that is no result is kept, cut, and shown as text`() throws {
    let long = String(repeating: "<b>", count: 2000)
    let run = try run(ScriptedStrategy { _, _ in long })
    #expect(run.json["fixtures"]?.arrayValue?.first?["answer"]?.stringValue?.count == 2000)
    #expect(!SuiteReport([run]).html.contains("<b>"))
  }

  @Test func `the comparison joins records with the verdicts about them`() throws {
    let scratch = try Scratch()
    let digest = String(repeating: "a", count: 64)
    var record = try #require(try run().json.objectValue)
    record["artifact"] = ["manifest_digest": .string(digest), "name": "tuned<i>"]
    record["metrics"] = ["size_bytes": 4_000_000, "bits_per_weight": 16, "perplexity": 25.456]
    let first = try scratch.write(JSON.object(record).text(), "record.json")
    record["artifact"] = ["manifest_digest": .null, "name": "base"]
    let second = try scratch.write(JSON.object(record).text(), "base.json")
    let verdict = try scratch.write(
      """
      {"version": 1, "artifact": {"manifest_digest": "\(digest)", "path": "x"}, "channel": "production",
       "verdict": "reject", "moved": false, "replaced": null, "reasons": ["too <few> passed"], "checks": []}
      """, "promote.json")
    var comparison = Comparison()
    for path in [first, verdict, second] { try comparison.add(path: path) }
    #expect(
      comparison.table == [
        ["tuned<i>", "4.00 MB", "16.00", "25.46", "–", "1 of 2", "–", "–", "–", "reject (production)"],
        ["base", "4.00 MB", "16.00", "25.46", "–", "1 of 2", "–", "–", "–", "–"],
      ])
    #expect(comparison.html.contains("too &lt;few&gt; passed"))
    #expect(!comparison.html.contains("tuned<i>"))
    #expect(comparison.json["artifacts"]?.arrayValue?.first?["verdict"] == "reject")
  }

  @Test func `records of several suites are columns of one row, and the page counts each kind`() throws {
    let scratch = try Scratch()
    let digest = String(repeating: "a", count: 64)
    var comparison = Comparison()
    for suite in ["first", "second"] {
      var record = try #require(try run().json.objectValue)
      record["artifact"] = ["manifest_digest": .string(digest), "name": "tuned"]
      record["suite"] = [
        "name": .string(suite), "version": "1",
        "digest": .string("\(suite)-digest"),
        "fixtures": 2,
      ]
      for name in ["tuned", "base"] {
        record["artifact"] = [
          "manifest_digest": name == "tuned" ? .string(digest) : .null, "name": .string(name),
        ]
        try comparison.add(path: scratch.write(JSON.object(record).text(), "\(suite)-\(name).json"))
      }
    }
    try comparison.add(
      path: scratch.write(
        """
        {"version": 1, "artifact": {"manifest_digest": "\(digest)"}, "channel": "production",
         "verdict": "reject", "moved": false, "reasons": ["no"]}
        """, "promote.json"))
    #expect(comparison.headings[5...6] == ["first passed", "second passed"])
    #expect(comparison.table.map { $0[0] } == ["tuned", "base"])
    #expect(comparison.table.allSatisfy { $0[5...6] == ["1 of 2", "1 of 2"] })
    #expect(comparison.heldBack.map(\.name) == ["tuned"])
    #expect(comparison.json["artifacts"]?.arrayValue?.first?["suites"]?.arrayValue?.count == 2)
  }

  @Test func `a file that is neither record nor verdict is refused`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("{\"version\": 1}", "x.json")
    var comparison = Comparison()
    let failure = try #require(throws: Failure.self) { try comparison.add(path: path) }
    #expect(failure.message.contains("x.json"))
  }
}
