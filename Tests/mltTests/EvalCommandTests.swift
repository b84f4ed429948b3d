// mlt eval and mlt report, end to end, on the shared fixtures and on small suites of a test's own.

import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct EvalCommandTests {
  private static let fixtures = "\(Shared.repository)/data/fixtures"

  private func suite(_ scratch: Scratch, name: String = "mine", evidence: String = "/ n") throws -> String {
    try scratch.write("name: \(name)\nversion: 1\n", "\(name)/suite.yaml")
    try scratch.write(
      "name: one\nkind: bug\nquestion: What is wrong?\nexpected_file: a.py\nexpected_keywords: [[zero]]\n"
        + "expected_evidence: [\"\(evidence)\"]\n", "\(name)/one/task.yaml")
    try scratch.write("def f(n):\n    return 1 / n\n", "\(name)/one/repo/a.py")
    return "\(scratch.path)/\(name)"
  }

  @Test func `rules are evaluated on the default suite, with record, report and manifest`() throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    let run = try Mlt.run(
      ["eval", "--strategy", "deterministic", "--out", out, "--json"], in: Shared.repository)
    #expect(run.status == 0, "\(run.stderr)")
    let record = try run.json
    #expect(record["strategy"] == "deterministic")
    #expect(record["fixtures"]?.arrayValue?.count == record["suite"]?["fixtures"]?.intValue)
    #expect(try JSON.read(path: "\(out)/record.json") == record)
    #expect(try Files.readText(path: "\(out)/report.html").contains("buggy_calc"))
    #expect(Files.exists("\(out)/manifest.json"))
  }

  @Test func `the table names each fixture, its result and the reason`() throws {
    let scratch = try Scratch()
    let path = try suite(scratch, evidence: "return 1")
    let run = try Mlt.run(
      ["eval", "--strategy", "deterministic", "--suite", path, "--out", "\(scratch.path)/out"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("one      bug   passed"))
    #expect(run.stdout.contains("all        1   1"))
  }

  @Test func `several suites leave a record each`() throws {
    let scratch = try Scratch()
    let paths = [try suite(scratch, name: "first"), try suite(scratch, name: "second")]
    let out = "\(scratch.path)/out"
    let run = try Mlt.run(["eval", "--strategy", "deterministic", "--out", out, "--json", "--suite"] + paths)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.split(separator: "\n").count == 2)
    #expect(Files.exists("\(out)/record-first.json") && Files.exists("\(out)/record-second.json"))
  }

  @Test func `below the asked share the answer is no, and the record is there`() throws {
    let scratch = try Scratch()
    let path = try suite(scratch, evidence: "not there")
    let arguments = ["eval", "--strategy", "deterministic", "--suite", path, "--out", "\(scratch.path)/out"]
    let run = try Mlt.run(arguments + ["--min-pass", "0.5"])
    #expect(run.status == 1)
    #expect(run.stderr.contains("0 of 1 fixtures passed"))
    #expect(Files.exists("\(scratch.path)/out/record.json"))
  }

  @Test(arguments: [["--strategy", "hosted"], ["--strategy", "hybrid"], []])
  func `a strategy that can't run says so, passes nothing and leaves a record`(strategy: [String]) throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    let run = try Mlt.run(["eval", "--suite", try suite(scratch), "--out", out] + strategy)
    #expect(run.status == 69)
    #expect(run.stderr.contains("unavailable"))
    let record = try JSON.read(path: "\(out)/record.json")
    #expect(record["unavailable"]?.stringValue != nil)
    #expect(record["fixtures"] == [])
  }

  @Test func `a missing suite, a missing model and a taken folder are refused before any work`() throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    let missing = try Mlt.run(["eval", "--strategy", "deterministic", "--suite", "nowhere", "--out", out])
    #expect(missing.status == 66)
    #expect(missing.stderr.contains("nowhere: no such suite folder"))
    let elsewhere = try Mlt.run(["eval", "--strategy", "deterministic", "--out", out], in: scratch.path)
    #expect(elsewhere.status == 64)
    #expect(elsewhere.stderr.contains("give the fixtures with --suite"))
    let model = try Mlt.run(["eval", "--model", "nowhere", "--suite", try suite(scratch), "--out", out])
    #expect(model.status == 66)
    try Files.makeDirectory(out)
    let taken = try Mlt.run(["eval", "--strategy", "deterministic", "--suite", Self.fixtures, "--out", out])
    #expect(taken.status == 64)
    #expect(taken.stderr.contains("exists already"))
  }

  @Test func `a report puts records side by side, on the terminal and in HTML`() throws {
    let scratch = try Scratch()
    let path = try suite(scratch)
    for name in ["a", "b"] {
      let run = try Mlt.run(
        ["eval", "--strategy", "deterministic", "--suite", path, "--out", "\(scratch.path)/\(name)"])
      #expect(run.status == 0, "\(run.stderr)")
    }
    let html = "\(scratch.path)/report.html"
    let arguments = [
      "report", "\(scratch.path)/a/record.json", "\(scratch.path)/b/record.json", "--out", html,
    ]
    let run = try Mlt.run(arguments)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("artifact"))
    #expect(run.stdout.contains("1 of 1"))
    #expect(try Files.readText(path: html).contains("Comparison of 2 artifacts"))
    #expect(try Mlt.run(arguments).status == 64)
    let again = try Mlt.run(arguments + ["--overwrite", "--json"])
    #expect(try again.json["artifacts"]?.arrayValue?.count == 2)
  }

  @Test func `a report of no record is refused`() throws {
    let scratch = try Scratch()
    let file = try scratch.write("[]", "x.json")
    let run = try Mlt.run(["report", file, "--out", "\(scratch.path)/r.html"])
    #expect(run.status == 65)
    #expect(!Files.exists("\(scratch.path)/r.html"))
  }
}
