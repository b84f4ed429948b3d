// What must not change the result: how a step is cut into batches, whether blocks are recomputed, threads.

import FineTuning
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite(.serialized) struct TrainingInvarianceTests {
  private func adapterBytes(
    _ change: (inout TrainingConfiguration) -> Void
  ) throws -> (bytes: [UInt8], losses: [Double]) {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    var configuration = TrainingConfiguration()
    configuration.iters = 4
    configuration.learningRate = 1e-3
    configuration.maxGradNorm = 1
    change(&configuration)
    let out = try trained(
      model: golden.basePath, data: golden.writeRows(scratch), configuration, out: "\(scratch.path)/out")
    return (
      try Files.read(path: "\(out)/adapter_model.safetensors"),
      try loggedSteps(out).map { try $0.double("loss") }
    )
  }

  @Test func `one batch of four equals four batches of one, though rows differ in length`() throws {
    let whole = try adapterBytes { $0.batchSize = 4 }
    let parts = try adapterBytes {
      $0.batchSize = 1
      $0.gradAccumulationSteps = 4
    }
    for (one, other) in zip(whole.losses, parts.losses) { #expect(abs(one - other) < 1e-6) }
  }

  @Test func `recomputing blocks gives the same bytes, with dropout too`() throws {
    let kept = try adapterBytes { $0.dropout = 0.2 }
    let recomputed = try adapterBytes {
      $0.dropout = 0.2
      $0.gradCheckpoint = true
    }
    #expect(kept.bytes == recomputed.bytes)
    #expect(try kept.bytes != adapterBytes { $0.dropout = 0.3 }.bytes)
  }

  @Test(arguments: [false, true])
  func `a smaller budget for activations gives gradients with the same bits`(isFull: Bool) throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    let model = try ModelDirectory(path: golden.basePath)
    var configuration = TrainingConfiguration()
    configuration.dropout = isFull ? nil : 0.1
    let data = try TrainingData.load(from: golden.writeRows(scratch)) {
      RowReader(vocabularySize: model.spec.vocabularySize, limit: 64, context: model.spec.contextLength) {
        throw Failure.fault("the rows are tokens already")
      }
    }
    let results = try [Int.max / 2, 20_000, 0].map { budget in
      let trainee: any Trainee
      let decoder: Decoder
      if isFull {
        let full = try FullTrainee(model, configuration)
        (trainee, decoder) = (full, full.decoder)
      } else {
        decoder = try Decoder(model)
        trainee = try AdapterTrainee(decoder, model, configuration, format: .peft)
      }
      decoder.activationBudget = budget
      let step = TrainingStep(decoder: decoder, trainee: trainee, configuration: configuration)
      return try step.slope([Array(data.train.rows.prefix(3))], step: 0).gradients.map(bits)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  private func bits(_ tensor: Tensor) -> [UInt32] { tensor.floats().map(\.bitPattern) }

  @Test func `the number of threads does not show in the bytes`() throws {
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    let results = try [1, 2, 5].map { count in
      ThreadPool.shared.threads = count
      return try adapterBytes { $0.dropout = 0.1 }.bytes
    }
    #expect(Set(results).count == 1)
  }

  @Test func `the same seed gives the same bytes, another seed others`() throws {
    let first = try adapterBytes { $0.seed = 1 }
    #expect(try first.bytes == adapterBytes { $0.seed = 1 }.bytes)
    #expect(try first.bytes != adapterBytes { $0.seed = 2 }.bytes)
  }

  @Test func `packed rows do not see each other`() throws {
    // All twelve rows in one batch, once packed by tokens, once counted as rows.
    let packed = try adapterBytes {
      $0.packing = true
      $0.batchSize = 12
      $0.shuffle = false
    }
    let counted = try adapterBytes {
      $0.batchSize = 12
      $0.shuffle = false
    }
    #expect(packed.bytes == counted.bytes)
  }

  @Test func `training only the last blocks leaves the others without an adapter`() throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    let out = try golden.train(in: scratch) {
      $0.initAdapter = nil
      $0.numLayers = 1
      $0.targetModules = ["q_proj", "down_proj"]
      $0.iters = 2
    }
    let adapter = try AdapterFiles.read(directory: out)
    #expect(adapter.paths == ["model.layers.1.mlp.down_proj", "model.layers.1.self_attn.q_proj"])
  }

  @Test(
    .enabled(if: Shared.has("goldens/mlx/tiny-llama-q4-g64"), "reads a model that mlx-lm quantized"))
  func `a quantized base trains to the curve of its dequantized twin`() throws {
    let golden = try TrainingGolden("tiny-llama-lora")
    let scratch = try Scratch()
    let quantized = Shared.file("goldens/mlx/tiny-llama-q4-g64")
    let model = try ModelDirectory(path: quantized)
    // An adapter of zeros merges into a plain copy: the twin, as floats.
    let nothing = Adapter(
      settings: LoRASettings(rank: 1, alpha: 1, useRSLoRA: false, dropout: 0),
      pairs: [
        (
          "model.layers.0.self_attn.q_proj",
          LowRankPair(a: .zeros([1, 128]), b: .zeros([128, 1]), scale: 1)
        )
      ])
    try Files.makeDirectory("\(scratch.path)/twin")
    try AdapterMerge(model, nothing, source: "nothing", dtype: .f32, dequantizing: true)
      .write(into: "\(scratch.path)/twin") { _, _, _ in throw Failure.fault("nothing is quantized here") }
    var configuration = try golden.configuration
    configuration.initAdapter = golden.initPath
    let data = try golden.writeRows(scratch)
    let curves = try [quantized, "\(scratch.path)/twin"].enumerated().map { index, base in
      let out = try trained(model: base, data: data, configuration, out: "\(scratch.path)/out-\(index)")
      return try loggedSteps(out).map { try $0.double("loss") }
    }
    // Sums in another order, as between the goldens' float32 and float64 runs.
    for (one, other) in zip(curves[0], curves[1]) { #expect(abs(one - other) <= 2e-5) }
    #expect(curves[0].count == 20)
  }
}

@Suite struct DivergenceTests {
  @Test func `a loss that is no number stops the run and names the checkpoint that is still good`() throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    let failure = #expect(throws: Failure.self) {
      try golden.train(in: scratch) {
        $0.initAdapter = nil
        $0.learningRate = 1e30
        $0.lrSchedule = .constant
        // The first step has rate 0, so the checkpoint behind it is good.
        $0.warmupSteps = 2
        $0.optimizer = .sgd
        $0.weightDecay = 0
        $0.maxGradNorm = nil
        $0.saveEvery = 1
      }
    }
    #expect(failure?.kind == .refused)
    let message = failure?.message ?? ""
    #expect(message.hasPrefix("training stopped at step "))
    #expect(message.contains("rows.jsonl, lines "))
    let out = "\(scratch.path)/out"
    #expect(message.contains("the last good checkpoint is \(out)/checkpoints/step-"))
    #expect(!Files.exists("\(out)/adapter_config.json"))
    #expect(Files.exists("\(out)/run.json"))
  }

  @Test func `without a checkpoint the message says so`() throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    let failure = #expect(throws: Failure.self) {
      try golden.train(in: scratch) {
        $0.learningRate = 1e30
        $0.warmupSteps = 0
        $0.maxGradNorm = nil
      }
    }
    #expect(failure?.message.contains("there is no good checkpoint yet") ?? false)
  }
}
