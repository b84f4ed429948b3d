// A strategy is one way to triage a repository. It sees a question and tools, never what is expected.

import SafeIO

/// One way to triage a repository: rules, a local model, an endpoint.
package protocol Strategy: AnyObject {
  /// The name on the command line and in records: `deterministic`, `local`, …
  var name: String { get }

  /// Answers one task through `tools`, the only way to the repository.
  ///
  /// - Throws: `StrategyStop` when there is no answer; `Failure` of kind `interrupted` ends the whole run.
  func triage(_ task: TriageTask, tools: ToolBox) throws -> StrategyAnswer
}

/// What a strategy is told.
package struct TriageTask: Sendable {
  /// The fixture's name, for messages only.
  package let name: String
  package let question: String

  package init(name: String, question: String) {
    self.name = name
    self.question = question
  }
}

/// What a strategy said, and what it cost.
package struct StrategyAnswer: Sendable {
  /// The answer as JSON text, exactly as it was produced; the checks decode it.
  package var text: String
  /// Nil when no model ran.
  package var usage: ModelUsage?

  package init(text: String, usage: ModelUsage?) {
    self.text = text
    self.usage = usage
  }

  package init(_ result: TriageResult, usage: ModelUsage? = nil) {
    self.init(text: result.json.text(), usage: usage)
  }
}

/// What a model read and wrote for one fixture.
package struct ModelUsage: Sendable {
  package var promptTokens: Int
  package var outputTokens: Int
  /// Seconds from the start of the task to the first token that was decided.
  package var timeToFirstToken: Double
  package var tokensPerSecond: Double

  package init(promptTokens: Int, outputTokens: Int, timeToFirstToken: Double, tokensPerSecond: Double) {
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
    self.timeToFirstToken = timeToFirstToken
    self.tokensPerSecond = tokensPerSecond
  }
}

/// Why a strategy gave no answer; the fixture fails with the category of the same name, and the run goes on.
package enum StrategyStop: Error, Sendable {
  case unavailable(reason: String)
  case timeout(String)
  case outOfMemory(String)
  case contextLength(String)
}

/// Stands for a strategy that can't run here: it fails every fixture as `unavailable`, and passes none.
package final class UnavailableStrategy: Strategy {
  package let name: String
  package let reason: String

  package init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  package func triage(_ task: TriageTask, tools: ToolBox) throws -> StrategyAnswer {
    throw StrategyStop.unavailable(reason: reason)
  }
}
