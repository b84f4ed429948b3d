// Training against PEFT and torch: same start, same rows, no dropout. The tolerances are those of the goldens, set at
// several times the distance between float32 and float64 runs of the reference.

import FineTuning
import Foundation
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct GoldenTrainingTests {
  @Test(arguments: TrainingGolden.names)
  func `every loss, rate and gradient norm is the reference's`(name: String) throws {
    let golden = try TrainingGolden(name)
    let scratch = try Scratch()
    let found = try loggedSteps(golden.train(in: scratch))
    #expect(try found.count == golden.configuration.iters)
    for (step, expected) in zip(found, try golden.steps) {
      #expect(try step.int("step") == expected.int("step"))
      #expect(try abs(step.double("loss") - expected.double("loss")) <= 2e-5)
      #expect(try abs(step.double("learning_rate") - expected.double("lr")) <= 1e-12)
      let norm = try expected.double("grad_norm_before_clip")
      #expect(try abs(step.double("grad_norm") - norm) <= 1e-4 * norm)
    }
  }

  @Test(arguments: TrainingGolden.names)
  func `the gradient of the first step is the reference's`(name: String) throws {
    let golden = try TrainingGolden(name)
    let scratch = try Scratch()
    let configuration = try golden.configuration
    let model = try ModelDirectory(path: golden.basePath)
    let trainee: any Trainee
    let decoder: Decoder
    if golden.isFull {
      let full = try FullTrainee(model, configuration)
      (trainee, decoder) = (full, full.decoder)
    } else {
      decoder = try Decoder(model)
      trainee = try AdapterTrainee(decoder, model, configuration, format: .peft)
    }
    let rows = try Dataset(
      path: golden.writeRows(scratch),
      reader: RowReader(vocabularySize: 512, limit: 64, context: 512) { throw Failure.fault("no text here") }
    ).rows
    var plan = BatchPlan(lengths: rows.map(\.inputs.count), configuration: configuration)
    var cursor = 0
    let batches = (0..<configuration.gradAccumulationSteps).map { _ in
      plan.next(cursor: &cursor).map { rows[$0] }
    }
    let slope = try TrainingStep(decoder: decoder, trainee: trainee, configuration: configuration)
      .slope(batches, step: 0)
    let found = Dictionary(
      uniqueKeysWithValues: zip(
        trainee.parameters.map { golden.isFull ? $0.name : peftName($0.name) }, slope.gradients))
    let expected = try golden.gradients
    #expect(found.count == expected.count)
    for (parameter, gradient) in expected {
      let ours = try #require(found[parameter])
      #expect(relativeDifference(ours, gradient) <= 1e-4, "\(parameter)")
    }
  }

  @Test(arguments: TrainingGolden.adapters)
  func `the final adapter is the reference's`(name: String) throws {
    let golden = try TrainingGolden(name)
    let scratch = try Scratch()
    let out = try golden.recorded(in: golden.train(in: scratch))
    let found = try SafetensorsFile(path: "\(out)/adapter_model.safetensors")
    let expected = try SafetensorsFile(path: "\(golden.finalPath)/adapter_model.safetensors")
    #expect(found.entries == expected.entries)
    for entry in expected.entries {
      let (ours, theirs) = (try found.tensor(entry.name), try expected.tensor(entry.name))
      #expect(relativeDifference(ours, theirs) <= 1e-3, "\(entry.name)")
    }
    let decoder = try Decoder(ModelDirectory(path: golden.basePath))
    try AdapterFiles.load(out, into: decoder)
    #expect(difference(try golden.logits(decoder), try golden.tensor("logits_final")) <= 1e-3)
  }

  @Test(arguments: TrainingGolden.names.filter { $0.hasSuffix("full") })
  func `all weights trained become the reference's, and the folder is a model`(name: String) throws {
    let golden = try TrainingGolden(name)
    let scratch = try Scratch()
    let model = try ModelDirectory(path: golden.train(in: scratch))
    for (parameter, value) in try golden.finals {
      #expect(relativeDifference(try model.weights.tensor(parameter), value) <= 1e-3, "\(parameter)")
    }
    #expect(difference(try golden.logits(Decoder(model)), try golden.tensor("logits_final")) <= 1e-3)
    #expect(Files.exists("\(model.path)/tokenizer.json"))
  }

  @Test func `the padding token's embedding learns as in transformers, from the tied head alone`() throws {
    let goldens = Bundle.module.bundlePath + "/Goldens"
    let golden = try SafetensorsFile(path: "\(goldens)/padding/golden.safetensors")
    var configuration = TrainingConfiguration()
    configuration.fineTuneType = .full
    let trainee = try FullTrainee(ModelDirectory(path: "\(goldens)/base/tiny-qwen2"), configuration)
    let ids = try golden.tensor("ids").integers().map(Int32.init)
    let row = try #require(TrainingRow(ids: ids, labels: ids, line: 1))
    let slope = try TrainingStep(decoder: trainee.decoder, trainee: trainee, configuration: configuration)
      .slope([[row]], step: 0)
    #expect(try abs(slope.loss - Double(golden.tensor("loss").item())) <= 2e-5)
    let embedding = try #require(trainee.parameters.firstIndex { $0.name == "model.embed_tokens.weight" })
    let rows = try golden.tensor("rows").integers().map(Int32.init)
    let found = slope.gradients[embedding].embedding(ids: rows)
    #expect(relativeDifference(found, try golden.tensor("gradient")) <= 1e-4)
  }

  @Test(arguments: TrainingGolden.adapters)
  func `adapters that PEFT wrote compute what PEFT computes`(name: String) throws {
    let golden = try TrainingGolden(name)
    let model = try ModelDirectory(path: golden.basePath)
    for (folder, logits) in [(golden.initPath, "logits_init"), (golden.finalPath, "logits_final")] {
      let decoder = try Decoder(model)
      try AdapterFiles.load(folder, into: decoder)
      #expect(difference(try golden.logits(decoder), try golden.tensor(logits)) <= 1e-4, "\(logits)")
    }
  }

  @Test(arguments: TrainingGolden.adapters)
  func `merged weights are the reference's`(name: String) throws {
    let golden = try TrainingGolden(name)
    let scratch = try Scratch()
    let merge = try AdapterMerge(
      ModelDirectory(path: golden.basePath), AdapterFiles.read(directory: golden.finalPath),
      source: golden.finalPath, dtype: .f32, dequantizing: false)
    try merge.write(into: scratch.path) { _, _, _ in throw Failure.fault("nothing is quantized here") }
    let merged = try ModelDirectory(path: scratch.path)
    #expect(difference(try golden.logits(Decoder(merged)), try golden.tensor("logits_merged")) <= 1e-4)
    guard golden.hasMergedMatrices else { return }
    let expected = try golden.mergedMatrices
    for entry in expected.entries {
      let ours = try merged.weights.tensor(entry.name)
      #expect(relativeDifference(ours, try expected.tensor(entry.name)) <= 1e-6, "\(entry.name)")
    }
  }

  /// `model.layers.0.mlp.up_proj.lora_A` as PEFT names it.
  private func peftName(_ name: String) -> String { "base_model.model.\(name).weight" }
}
