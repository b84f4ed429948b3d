// What a run tells while it goes and when it is done. The library only hands these out; how they look is the
// command's business.

import SafeIO

/// One optimizer step.
package struct StepReport: Sendable {
  /// Counted from 0; the loss is that of the weights before this step's update.
  package let step: Int
  package let loss: Double
  package let learningRate: Double
  /// The norm of the whole gradient before clipping.
  package let gradientNorm: Double
  /// Tokens learned since the run began.
  package let trainedTokens: Int
  /// Tokens read in this step, a second.
  package let tokensPerSecond: Double
  /// The process's largest resident size so far.
  package let peakMemoryBytes: Int
  /// The most bytes that tensors held during this step.
  package let stepPeakBytes: Int
  /// Buffers asked of the system during this step; reuse does not count.
  package let allocations: Int

  /// The members of a log line that differ from run to run.
  package static let measurements = [
    "tokens_per_second", "peak_memory_bytes", "step_peak_bytes", "allocations",
  ]

  /// The measures for a progress bar.
  var detail: String {
    let (loss, rate) = ((loss * 1e4).rounded() / 1e4, (learningRate * 1e7).rounded() / 1e7)
    return "loss \(loss)  lr \(rate)  \(Int(tokensPerSecond)) tokens/s  \(peakMemoryBytes / 1_000_000) MB"
  }

  /// The line of the log; with `memory` the two measures of this step alone stand in it too.
  func line(memory: Bool) -> JSONObject {
    var line: JSONObject = [
      "step": .integer(step), "loss": .double(loss), "learning_rate": .double(learningRate),
      "grad_norm": .double(gradientNorm), "trained_tokens": .integer(trainedTokens),
      "tokens_per_second": .double((tokensPerSecond * 10).rounded() / 10),
      "peak_memory_bytes": .integer(peakMemoryBytes),
    ]
    if memory {
      line["step_peak_bytes"] = .integer(stepPeakBytes)
      line["allocations"] = .integer(allocations)
    }
    return line
  }
}

/// A loss over held-out rows.
package struct EvaluationReport: Sendable {
  /// `valid` or `test`.
  package let role: String
  /// How many steps the measured weights had been through.
  package let step: Int
  /// Mean over the learned tokens.
  package let loss: Double
  package let tokens: Int

  var line: JSONObject {
    let name = role == "valid" ? "val" : role
    return ["step": .integer(step), "\(name)_loss": .double(loss), "\(name)_tokens": .integer(tokens)]
  }
}

/// Watches a run.
package protocol TrainingObserver: AnyObject {
  /// After every optimizer step.
  func step(_ report: StepReport, of total: Int)
  /// After every validation and test.
  func evaluation(_ report: EvaluationReport)
}

/// What a finished run did.
package struct TrainingSummary: Sendable {
  package let steps: Int
  /// The loss of the last step; nil when the run was already complete.
  package let loss: Double?
  package let validation: EvaluationReport?
  package let test: EvaluationReport?
  package let trainedTokens: Int
  /// Tokens read by this process, a second, over its optimizer steps.
  package let tokensPerSecond: Double
  package let seconds: Double
}
