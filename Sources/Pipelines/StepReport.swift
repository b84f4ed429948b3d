// What a run tells of each step.

import SafeIO

/// What became of one step.
package struct StepReport: Sendable {
  package enum Outcome: String, Sendable {
    case done
    case skipped
    case failed
  }

  /// 1 for the first.
  package let number: Int
  package let of: Int
  package let step: Recipe.Step
  package let outcome: Outcome
  /// Why it ran, or what went wrong.
  package let reason: String
  package let status: Int32?
  package let seconds: Double
  package let peakMemory: Int
  /// The file that holds what it printed.
  package let outputPath: String

  /// Why a step runs that no earlier run has finished.
  static let firstTime = "not done yet"

  /// Why a step ran that had been done before.
  package var change: String? { outcome == .done && reason != StepReport.firstTime ? reason : nil }

  package var json: JSON {
    [
      "step": .integer(number), "of": .integer(of), "name": .string(step.name),
      "command": .string(step.command),
      "outcome": .string(outcome.rawValue), "reason": .string(reason),
      "status": status.map { .integer(Int($0)) } ?? .null, "seconds": .double(seconds),
      "peak_memory_bytes": .integer(peakMemory),
    ]
  }
}
