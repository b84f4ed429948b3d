// Logs without a known format: severities, templates, and the few lines worth reading; and the kinds of files.

import Evaluation
import Testing

@Suite struct LogLinesTests {
  @Test(arguments: [
    ("2031-01-01 FATAL x", LogSeverity.fatal), ("[panic] x", .fatal), ("error: x", .error),
    ("it failed", .error),
    ("WARNING: error", .error), ("level=warn", .warning), ("errors were found", .none), ("INFO ok", .none),
    ("", .none), ("terror", .none),
  ])
  func `severity is that of the gravest whole word`(line: String, severity: LogSeverity) {
    #expect(LogSeverity(line: line) == severity)
  }

  @Test func `a template leaves out what holds digits`() {
    #expect(LogLines.template(of: "10:11:12  job a7 took 30ms\tfor x") == "# job # took # for x")
  }

  @Test func `of a long log severe lines come first, then rare ones, each template once`() {
    let lines =
      ["INFO start"] + (0..<20).map { "INFO tick \($0)" } + ["WARN odd"] + [
        "ERROR a 1", "ERROR a 2", "ERROR b",
      ]
    let kept = LogLines.worthReading(lines, atMost: 4)
    #expect(kept.map { lines[$0] } == ["INFO start", "WARN odd", "ERROR a 1", "ERROR b"])
    #expect(LogLines.worthReading(["a", "a"], atMost: 2) == [0, 1])
  }

  @Test(arguments: [
    ("README.md", FileKind.document), ("docs/x.RST", .document), ("LICENSE", .document), ("Makefile", .code),
    ("a/test_x.py", .test), ("x_test.go", .test), ("x.spec.js", .test), ("tests/data.json", .test),
    ("conftest.py", .test), ("src/contest.py", .code), ("app.log", .log), ("app.log.1", .log),
    ("logs/readme.md", .log),
    ("var/log/syslog", .log), ("blog/a.py", .code), ("config.yaml", .code),
  ])
  func `the kind of a file follows from its path`(path: String, kind: FileKind) {
    #expect(FileKind(path: path) == kind)
  }
}
