// A whole run: every fixture gets an outcome, whatever the strategy does.

import Evaluation
import SafeIO
import TestSupport
import Testing

@Suite struct SuiteRunTests {
  private func folder() throws -> SuiteFolder {
    let folder = try SuiteFolder()
    for name in ["a", "b", "c"] {
      try folder.add(name, task: SuiteFolder.task(name), files: ["a.py": "def f(n):\n    return 1 / n\n"])
    }
    return folder
  }

  @Test func `a strategy that throws fails its fixture, and the run goes on`() throws {
    let folder = try folder()
    let strategy = ScriptedStrategy { task, _ in
      switch task.name {
      case "a": throw StrategyStop.outOfMemory("no room")
      case "b": throw StrategyStop.timeout("too slow")
      default: throw Failure.badData("x", "y")
      }
    }
    let outcome = try SuiteRun(Suite.load(folder: folder.path)).run(strategy)
    #expect(outcome.outcomes.map { $0.failures.first?.category } == [.outOfMemory, .timeout, .error])
    #expect(outcome.passedCount == 0)
  }

  @Test func `a strategy that can't run is reported as unavailable, and passes nothing`() throws {
    let folder = try folder()
    let outcome = try SuiteRun(Suite.load(folder: folder.path)).run(
      UnavailableStrategy(name: "hosted", reason: "no endpoint is configured"))
    #expect(outcome.unavailable == "no endpoint is configured")
    #expect(outcome.outcomes.isEmpty)
  }

  @Test func `an interruption ends the run`() throws {
    let folder = try folder()
    let strategy = ScriptedStrategy { _, _ in throw Failure(.interrupted, "stop") }
    #expect(throws: Failure(.interrupted, "stop")) {
      try SuiteRun(Suite.load(folder: folder.path)).run(strategy)
    }
  }

  @Test func `the deterministic strategy passes a division without guard`() throws {
    let folder = try folder()
    let outcome = try SuiteRun(Suite.load(folder: folder.path)).run(DeterministicStrategy())
    #expect(outcome.outcomes.map(\.failures) == [[], [], []])
  }
}
