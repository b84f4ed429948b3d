// What `mlt lora` prints: the size of the job, a line every so many steps, validation, the end.

import FineTuning
import SafeIO
import TensorCore

/// Prints a run for people, or its summary as JSON.
final class LoRAReport: TrainingObserver {
  private let common: CommonOptions
  private let configuration: TrainingConfiguration
  private let showsMemory: Bool
  /// The steps since the last printed line.
  private var interval: [StepReport] = []

  init(_ common: CommonOptions, _ configuration: TrainingConfiguration, showsMemory: Bool) {
    self.common = common
    self.configuration = configuration
    self.showsMemory = showsMemory
  }

  /// Says what is about to happen.
  func begin(_ job: FineTuningJob) {
    for set in job.data.sets {
      line(
        "\(set.role): \(set.rows.rows.count) rows, \(set.rows.tokens) tokens, \(set.rows.trainedTokens) learned"
      )
      if set.rows.cutRows > 0 && !common.quiet {
        Console.note(
          "warning: cut to \(configuration.maxSeqLength) tokens: \(Words.count(set.rows.cutRows, "row")) of "
            + Files.name(of: set.rows.path))
      }
      if !set.rows.skippedLines.isEmpty && !common.quiet { warnOfSkipped(set.rows) }
    }
    line("training \(job.trainedParameters) of \(job.totalParameters) parameters")
  }

  private func warnOfSkipped(_ rows: Dataset) {
    let lines = rows.skippedLines
    let named = lines.prefix(5).map(String.init).joined(separator: ", ") + (lines.count > 5 ? ", …" : "")
    Console.note(
      "warning: left out, since nothing is left to learn after cutting to \(configuration.maxSeqLength) tokens: "
        + "\(Words.count(lines.count, "row")) of \(Files.name(of: rows.path)) (line \(named))")
  }

  /// Loss, gradient norm and speed are means over the steps since the last line; the log has each step.
  func step(_ report: StepReport, of total: Int) {
    interval.append(report)
    let done = report.step + 1
    guard showsMemory || done == total || done % configuration.stepsPerReport == 0 else { return }
    func mean(_ measure: (StepReport) -> Double) -> Double {
      interval.reduce(0) { $0 + measure($1) } / Double(interval.count)
    }
    var text =
      "step \(done): loss \(Words.fixed(mean(\.loss), 4)), learning rate \(Words.rate(report.learningRate))"
      + ", gradient norm \(Words.fixed(mean(\.gradientNorm), 3)), \(Words.fixed(mean(\.tokensPerSecond), 0)) tokens/s"
      + ", peak \(Words.bytes(report.peakMemoryBytes))"
    if showsMemory {
      text += ", this step \(Words.bytes(report.stepPeakBytes)) and \(report.allocations) allocations"
    }
    line(text)
    interval = []
  }

  func evaluation(_ report: EvaluationReport) {
    line(
      "step \(report.step): \(report.role) loss \(Words.fixed(report.loss, 4)) over \(report.tokens) tokens")
  }

  /// The result.
  func end(_ summary: TrainingSummary, _ job: FineTuningJob, path: String) {
    line(
      "\(path): \(Words.count(summary.steps, "step")), \(summary.trainedTokens) tokens learned in "
        + "\(Words.seconds(summary.seconds)), \(Words.fixed(summary.tokensPerSecond, 0)) tokens/s read while training"
    )
    guard common.json else { return }
    Console.print(json: [
      "version": 1, "out": .string(path), "resumed_complete": false, "steps": .integer(summary.steps),
      "loss": summary.loss.map { .double($0) } ?? .null,
      "val_loss": summary.validation.map { .double($0.loss) } ?? .null,
      "test_loss": summary.test.map { .double($0.loss) } ?? .null,
      "skipped_rows": .integer(job.data.skippedRows), "trained_tokens": .integer(summary.trainedTokens),
      "tokens_per_second": .double(summary.tokensPerSecond),
      "seconds": .double(summary.seconds), "trained_parameters": .integer(job.trainedParameters),
      "peak_memory_bytes": .integer(MemoryMeter.processPeakBytes),
    ])
  }

  /// The run that was to be resumed is complete.
  func nothingToDo(path: String) {
    line("\(path) is complete already; nothing to do")
    if common.json {
      Console.print(json: ["version": 1, "out": .string(path), "resumed_complete": true])
    }
  }

  /// A line for people, below whatever bar is drawn.
  private func line(_ text: String) {
    guard !common.json, !common.quiet else { return }
    if Console.isInteractive { Console.draw("\r\u{1b}[K") }
    Console.print(text)
  }
}

extension Words {
  /// A learning rate with three significant digits: `0.000215`, `2e-06`.
  fileprivate static func rate(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return "0" }
    var scale = 1.0
    while value * scale < 100 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
