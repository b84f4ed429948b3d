// Optimizer steps of LoRA, rank 8 on all linear layers: forward, back and update, with the memory that they take.

import FineTuning
import Models
import SafeIO
import TensorCore

/// The suite `train`.
struct TrainSuite {
  let harness: Harness
  let models: BenchmarkModels
  private static let rank = 8
  private static let name = "LoRA rank \(rank)"

  init(_ harness: Harness, _ models: BenchmarkModels) { (self.harness, self.models) = (harness, models) }

  func run() throws {
    harness.limits.releaseMemory()
    let options = harness.options
    let formats = WeightFormatChoice.all(options).filter { options.bits != nil || $0.bits != 8 }
    for format in formats {
      for threads in harness.threadCounts {
        try measure(format, format.training(options), threads: threads)
      }
    }
  }

  private func measure(_ format: WeightFormatChoice, _ arithmetic: Arithmetic, threads: Int) throws {
    let options = harness.options
    let model = try ModelDirectory(path: models.folder(bits: format.bits))
    let decoder = try Decoder(model, arithmetic: arithmetic)
    var configuration = TrainingConfiguration()
    configuration.rank = Self.rank
    configuration.targetModules = ["all-linear"]
    configuration.seed = options.seed
    let trainee = try AdapterTrainee(decoder, model, configuration, format: .peft)
    let optimizer = Optimizer(
      settings: configuration.optimizerSettings, parameters: trainee.parameters.map(\.value))
    let step = TrainingStep(decoder: decoder, trainee: trainee, configuration: configuration)
    let (batch, length) = (options.batch ?? 4, min(options.prompt, decoder.spec.contextLength - 1))
    let rows = (0..<batch).compactMap { row in
      // One more token than is read: the last is only predicted.
      let ids = RandomNumbers.tokens(length + 1, decoder, seed: options.seed + row)
      return TrainingRow(ids: ids, labels: ids, line: row + 1)
    }
    var number = 0
    func take() throws {
      do {
        _ = try step.take([rows], step: number, optimizer: optimizer, learningRate: 1e-4)
      } catch let divergence as TrainingStep.Divergence {
        throw Failure.refused("\(models.name): \(divergence.what) in step \(number)")
      }
      number += 1
    }
    var settings = format.modelSettings(arithmetic)
    settings["batch"] = .string("\(batch)x\(length)")
    let subject = Harness.Subject(suite: .train, name: Self.name, shape: models.name, settings: settings)
    let speed = try harness.measure(
      subject, threads: threads, unit: .tokens, amount: Double(batch * length),
      bound: .init(
        format.limit(arithmetic, rows: batch * length),
        ModelWork(decoder).trainingOperations(documents: batch, length: length, rank: Self.rank)), body: take)
    harness.add(speed.seconds(for: Double(batch * length), named: "\(Self.name), a step"))
    guard threads == options.threads else { return }
    let peak = try withThreads(threads) { try MemorySampler.peak(during: take) }
    for (name, bytes) in [
      ("peak of tensors", peak.tensors), ("peak anonymous", peak.anonymous), ("peak resident", peak.resident),
    ] where bytes > 0 {
      harness.add(
        BenchmarkResult(
          suite: subject.suite, name: "\(Self.name), \(name)", shape: subject.shape,
          settings: speed.settings, unit: .bytes, value: Spread([Double(bytes)]), runs: 1))
    }
  }
}
