// One strategy over every fixture of a suite, each judged and measured. A strategy that stops on one fixture fails
// that fixture; only an interruption ends the run.

import SafeIO
import TensorCore

/// What became of one fixture.
package struct FixtureOutcome: Sendable {
  package let name: String
  package let kind: String
  /// Every check that failed, most serious first; empty: passed.
  package let failures: [CheckFailure]
  /// The decoded answer; nil when there is none, or it does not fit the schema.
  package let result: TriageResult?
  /// The answer as it was given, for an answer that could not be decoded.
  package let rawAnswer: String?
  package let usage: ModelUsage?
  package let toolCalls: [ToolCall]
  package let seconds: Double
  /// Peak resident memory of the process so far.
  package let peakMemoryBytes: Int

  package var passed: Bool { failures.isEmpty }
}

/// What became of a suite.
package struct SuiteOutcome: Sendable {
  package let suite: Suite
  package let strategy: String
  /// Why the strategy could not run at all; then there are no outcomes.
  package let unavailable: String?
  package let outcomes: [FixtureOutcome]

  package var passedCount: Int { outcomes.count { $0.passed } }
}

/// Runs strategies over a suite.
package struct SuiteRun {
  package let suite: Suite

  package init(_ suite: Suite) { self.suite = suite }

  /// Runs one strategy over every fixture, in their order.
  ///
  /// - Throws: `Failure` when a fixture can't be read or the user asked to stop.
  package func run(_ strategy: any Strategy, progress: (any ProgressReporting)? = nil) throws -> SuiteOutcome
  {
    var outcomes: [FixtureOutcome] = []
    progress?.begin(suite.name, total: suite.fixtures.count)
    defer { progress?.end(summary: nil) }
    for fixture in suite.fixtures {
      try Interruption.check()
      progress?.advance(to: outcomes.count, detail: fixture.name)
      let outcome = try run(fixture, strategy)
      // A strategy that can't answer its first task can't answer any.
      if outcomes.isEmpty, let failure = outcome.failures.first, failure.category == .unavailable {
        return SuiteOutcome(
          suite: suite, strategy: strategy.name, unavailable: failure.message, outcomes: [])
      }
      outcomes.append(outcome)
    }
    return SuiteOutcome(suite: suite, strategy: strategy.name, unavailable: nil, outcomes: outcomes)
  }

  private func run(_ fixture: Fixture, _ strategy: any Strategy) throws -> FixtureOutcome {
    let tools = try ToolBox(fixture)
    let start = ContinuousClock.now
    var answer: StrategyAnswer?
    var result: TriageResult?
    var failures: [CheckFailure]
    do {
      let given = try strategy.triage(
        TriageTask(name: fixture.name, question: fixture.question), tools: tools)
      answer = given
      (result, failures) = try FixtureChecks(fixture).judge(given.text, tools: tools)
      if (ContinuousClock.now - start) / .seconds(1) > fixture.limits.seconds {
        failures.insert(CheckFailure(.timeout, "the answer came after the time limit"), at: 0)
      }
    } catch {
      failures = [try Self.failure(for: error)]
    }
    return FixtureOutcome(
      name: fixture.name, kind: fixture.kind, failures: failures, result: result,
      rawAnswer: result == nil ? answer.map { String($0.text.unicodeScalars.prefix(2000)) } : nil,
      usage: answer?.usage, toolCalls: tools.calls, seconds: (ContinuousClock.now - start) / .seconds(1),
      peakMemoryBytes: MemoryMeter.processPeakBytes)
  }

  /// The category of an error that a strategy threw; an interruption is thrown on.
  private static func failure(for error: any Error) throws -> CheckFailure {
    switch error {
    case StrategyStop.unavailable(let reason): return CheckFailure(.unavailable, reason)
    case StrategyStop.timeout(let reason): return CheckFailure(.timeout, reason)
    case StrategyStop.outOfMemory(let reason): return CheckFailure(.outOfMemory, reason)
    case StrategyStop.contextLength(let reason): return CheckFailure(.contextLength, reason)
    case let failure as Failure where failure.kind == .interrupted: throw failure
    default: return CheckFailure(.error, "\(error)")
    }
  }
}
