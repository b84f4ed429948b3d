// The training loop: steps, validation, log lines and checkpoints in one fixed order. What a step computes lies in
// `TrainingStep.swift`; this file decides when.

import Models
import SafeIO
import TensorCore

/// Trains weights on a dataset, in a run directory.
package final class Trainer {
  private let configuration: TrainingConfiguration
  private let data: TrainingData
  private let trainee: any Trainee
  private let run: RunDirectory
  private let logsMemory: Bool
  private let optimizer: Optimizer
  private let schedule: LearningRateSchedule
  private let evaluator: Evaluator
  private let steps: TrainingStep
  private var plan: BatchPlan
  /// Tokens read and seconds spent by this process in its steps.
  private var readTokens = 0.0
  private var stepSeconds = 0.0

  /// Where the run stands.
  package private(set) var position = TrainingPosition()
  /// Optimizer steps of the whole run.
  package let totalSteps: Int

  package weak var observer: (any TrainingObserver)?
  package var progress: (any ProgressReporting)?

  /// - Parameter logsMemory: whether log lines carry each step's own peak and allocations.
  package init(
    decoder: Decoder, trainee: any Trainee, data: TrainingData, configuration: TrainingConfiguration,
    run: RunDirectory, logsMemory: Bool = false
  ) throws(Failure) {
    self.configuration = configuration
    self.data = data
    self.trainee = trainee
    self.run = run
    self.logsMemory = logsMemory
    var plan = BatchPlan(lengths: data.train.rows.map(\.inputs.count), configuration: configuration)
    let epochs = configuration.epochs ?? 1
    if let iters = configuration.iters {
      totalSteps = iters
    } else {
      totalSteps = try plan.steps(epochs: epochs, accumulation: configuration.gradAccumulationSteps)
    }
    self.plan = plan
    schedule = LearningRateSchedule(
      kind: configuration.lrSchedule, peak: configuration.learningRate,
      warmupSteps: configuration.warmupSteps,
      totalSteps: totalSteps)
    optimizer = Optimizer(
      settings: configuration.optimizerSettings, parameters: trainee.parameters.map(\.value))
    steps = TrainingStep(decoder: decoder, trainee: trainee, configuration: configuration)
    evaluator = Evaluator(decoder: decoder, trainee: trainee, configuration: configuration)
  }

  /// Trains to the end, from the newest checkpoint if there is one, and places the result in the run directory.
  ///
  /// - Throws: `Failure.refused` when loss or gradient stop being finite; `interrupted`, with the steps done so far in
  ///   a checkpoint; `io`.
  package func train() throws -> TrainingSummary {
    let checkpoints = Checkpoints(of: run)
    do {
      return try train(checkpoints)
    } catch let failure as Failure where failure.kind == .interrupted {
      throw try stopped(checkpoints)
    }
  }

  private func train(_ checkpoints: Checkpoints) throws -> TrainingSummary {
    if let newest = try checkpoints.newest() {
      position = try checkpoints.load(newest, trainee, optimizer)
    }
    let log = try TrainingLog(
      path: "\(run.path)/\(RunDirectory.logFile)", keepingStepsBefore: position.step)
    let (began, first) = (ContinuousClock.now, position.step)
    var last: StepReport?
    progress?.begin("training", total: totalSteps - first)
    while position.step < totalSteps {
      try Interruption.check()
      if position.step % configuration.stepsPerEval == 0 { try evaluate(data.valid, "valid", log) }
      let report = try step()
      try log.append(report.line(memory: logsMemory))
      observer?.step(report, of: totalSteps)
      progress?.advance(to: position.step - first + 1, detail: report.detail)
      last = report
      position.step += 1
      if position.step % configuration.saveEvery == 0 || position.step == totalSteps {
        try checkpoints.save(position, trainee, optimizer)
      }
    }
    let validation = try evaluate(data.valid, "valid", log)
    let test = try evaluate(data.test, "test", log)
    progress?.end(summary: nil)
    try run.place { staging in try trainee.writeResult(into: staging) }
    return TrainingSummary(
      steps: totalSteps, loss: last?.loss, validation: validation, test: test,
      trainedTokens: position.trainedTokens, tokensPerSecond: readTokens / max(stepSeconds, 1e-9),
      seconds: (ContinuousClock.now - began) / .seconds(1))
  }

  /// Keeps what was done when the run is asked to stop.
  private func stopped(_ checkpoints: Checkpoints) throws -> Failure {
    guard position.step > 0 else {
      return Failure(
        .interrupted, "interrupted before the first step was done; the same command with --resume goes on")
    }
    Interruption.acknowledge()
    let kept = try checkpoints.save(position, trainee, optimizer)
    return Failure(
      .interrupted,
      "interrupted, the \(position.step) steps done are in \(kept); the same command with --resume goes on")
  }

  /// One optimizer step on the next rows of the plan; one that throws leaves the position as it was.
  private func step() throws -> StepReport {
    MemoryMeter.resetPeak()
    let (began, allocations) = (ContinuousClock.now, MemoryMeter.allocations)
    var batches: [[TrainingRow]] = []
    var cursor = position.cursor
    for _ in 0..<configuration.gradAccumulationSteps {
      try Interruption.check()
      batches.append(plan.next(cursor: &cursor).map { data.train.rows[$0] })
    }
    let rate = schedule.rate(at: position.step)
    let outcome: (loss: Double, gradientNorm: Double)
    do {
      outcome = try steps.take(batches, step: position.step, optimizer: optimizer, learningRate: rate)
    } catch let divergence as TrainingStep.Divergence {
      throw try diverged(divergence.what, rows: divergence.rows)
    }
    position.cursor = cursor
    position.trainedTokens += batches.joined().reduce(0) { $0 + $1.trainedTokens }
    let tokens = Double(batches.joined().reduce(0) { $0 + $1.inputs.count })
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    readTokens += tokens
    stepSeconds += seconds
    return StepReport(
      step: position.step, loss: outcome.loss, learningRate: rate, gradientNorm: outcome.gradientNorm,
      trainedTokens: position.trainedTokens, tokensPerSecond: tokens / max(seconds, 1e-9),
      peakMemoryBytes: MemoryMeter.processPeakBytes, stepPeakBytes: MemoryMeter.peakBytes,
      allocations: MemoryMeter.allocations - allocations)
  }

  /// The end of a run whose numbers are no longer numbers.
  private func diverged(_ what: String, rows: [TrainingRow]) throws -> Failure {
    let lines = Set(rows.map(\.line)).sorted()
    let named = lines.prefix(8).map(String.init).joined(separator: ", ") + (lines.count > 8 ? ", …" : "")
    // A checkpoint of this very step holds the weights that failed.
    let kept = try Checkpoints(of: run).newest(atMost: position.step - 1)
    let place = kept.map { "the last good checkpoint is \($0)" } ?? "there is no good checkpoint yet"
    return .refused(
      "training stopped at step \(position.step): \(what) (\(Files.name(of: data.train.path)), lines \(named)); "
        + "\(place); try a lower learning_rate, warmup_steps, or max_grad_norm 1")
  }

  @discardableResult
  private func evaluate(_ rows: Dataset?, _ role: String, _ log: TrainingLog) throws -> EvaluationReport? {
    guard let rows, configuration.valBatches != 0 else { return nil }
    let (loss, tokens) = try evaluator.loss(rows)
    guard loss.isFinite else { throw try diverged("the \(role) loss is not finite", rows: rows.rows) }
    let report = EvaluationReport(role: role, step: position.step, loss: loss, tokens: tokens)
    try log.append(report.line)
    observer?.evaluation(report)
    return report
  }
}
