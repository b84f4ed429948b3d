// A run that PEFT or torch recorded, and the same run made by this project.

import FineTuning
import Foundation
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

/// A recorded fine-tuning run.
struct TrainingGolden {
  let name: String
  private let folder: String
  private let root: String
  private let record: Fields
  private let tensors: SafetensorsFile

  /// Opens a run that comes with the tests, or one beside the repository.
  init(_ name: String) throws {
    let bundled = Bundle.module.bundlePath + "/Goldens"
    root = Files.exists("\(bundled)/lora/\(name)") ? bundled : Shared.file("goldens")
    self.name = name
    folder = "\(root)/lora/\(name)"
    record = try Fields(JSON.read(path: "\(folder)/golden.json"), source: name)
    tensors = try SafetensorsFile(path: "\(folder)/golden.safetensors")
  }

  /// The recorded runs of the kinds that are trained here.
  static let names =
    ["tiny-qwen2-lora"]
    + (Shared.has("goldens/lora")
      ? [
        "tiny-llama-lora", "tiny-llama-lora-plain", "tiny-llama-lora-accum2-mean",
        "tiny-llama-lora-accum2-tokens", "tiny-llama-rslora", "tiny-llama-full", "tiny-qwen2-full",
      ] : [])
  static let adapters = names.filter { !$0.hasSuffix("full") }

  var isFull: Bool { name.hasSuffix("full") }
  var basePath: String { "\(root)/\((try? record.string("base")) ?? "")" }
  var initPath: String { "\(folder)/init" }
  var finalPath: String { "\(folder)/final" }
  var hasMergedMatrices: Bool { Files.exists("\(folder)/merged_linears.safetensors") }

  var steps: [Fields] {
    get throws { try record.array("steps").map { try Fields($0, source: name) } }
  }

  func tensor(_ name: String) throws -> Tensor { try tensors.tensor(name) }

  var mergedMatrices: SafetensorsFile {
    get throws { try SafetensorsFile(path: "\(folder)/merged_linears.safetensors") }
  }

  /// The tensors of the first step's gradient, by parameter.
  var gradients: [(parameter: String, gradient: Tensor)] {
    get throws {
      try tensors.entries.filter { $0.name.hasPrefix("grad.") }.map { entry in
        (String(entry.name.dropFirst(5)), try tensors.tensor(entry.name))
      }
    }
  }

  /// The trained values that the record has.
  var finals: [(parameter: String, value: Tensor)] {
    get throws {
      try tensors.entries.filter { $0.name.hasPrefix("final.") }.map { entry in
        (String(entry.name.dropFirst(6)), try tensors.tensor(entry.name))
      }
    }
  }

  /// The recorded settings in this project's words.
  var configuration: TrainingConfiguration {
    get throws {
      var configuration = TrainingConfiguration()
      configuration.fineTuneType = isFull ? .full : .lora
      configuration.initAdapter = isFull ? nil : initPath
      configuration.batchSize = try record.int("batch_size")
      configuration.gradAccumulationSteps = try record.int("grad_accumulation")
      configuration.lossNormalization =
        try record.string("loss_normalization").hasPrefix("mean") ? .microBatch : .tokens
      configuration.iters = try steps.count
      configuration.saveEvery = try steps.count
      configuration.learningRate = try record.double("lr")
      if let schedule = record.object["schedule"], schedule.objectValue != nil {
        configuration.lrSchedule = .cosine
        configuration.warmupSteps = try #require(schedule["warmup_steps"]?.intValue)
        // Some runs were recorded for the first half of their schedule only.
        configuration.iters = try #require(schedule["total_steps"]?.intValue)
      }
      configuration.betas = try record.array("betas").compactMap(\.doubleValue)
      configuration.eps = try record.double("eps")
      configuration.weightDecay = try record.double("weight_decay")
      configuration.maxGradNorm = try record.optionalDouble("clip_grad_norm")
      configuration.shuffle = false
      configuration.maxSeqLength = 64
      configuration.dtype = .f32
      return configuration
    }
  }

  /// The rows of `data.safetensors` as a file of JSON lines.
  func writeRows(_ scratch: Scratch, name: String = "rows.jsonl") throws -> String {
    let data = try SafetensorsFile(path: "\(root)/lora/data.safetensors")
    let (ids, labels) = (try data.tensor("input_ids"), try data.tensor("labels"))
    func rows(_ tensor: Tensor) -> [JSON] {
      let (values, width) = (tensor.integers(), tensor.shape[1])
      return (0..<tensor.shape[0]).map { row in
        .array(values[row * width..<(row + 1) * width].map(JSON.integer))
      }
    }
    let lines = zip(rows(ids), rows(labels)).map { ids, labels in
      JSON.object(["input_ids": ids, "labels": labels]).text() + "\n"
    }
    return try scratch.write(lines.joined(), name)
  }

  /// Trains as recorded and gives the folder of the result.
  func train(
    in scratch: Scratch, name: String = "out", _ change: (inout TrainingConfiguration) -> Void = { _ in }
  )
    throws -> String
  {
    var configuration = try configuration
    change(&configuration)
    return try trained(
      model: basePath, data: writeRows(scratch), configuration, out: "\(scratch.path)/\(name)")
  }

  /// The folder of the adapter as it was after the recorded steps.
  func recorded(in out: String) throws -> String {
    let (count, total) = (try steps.count, try configuration.iters)
    return count == total ? out : "\(out)/checkpoints/step-0000\(count)"
  }

  /// Logits of the recorded prompt.
  func logits(_ decoder: Decoder) throws -> Tensor {
    let prompt = try tensor("input_ids")
    let (ids, width) = (prompt.integers().map(Int32.init), prompt.shape[1])
    let documents = (0..<prompt.shape[0]).map { Array(ids[$0 * width..<($0 + 1) * width]) }
    return decoder.logits(decoder.forward(TokenRows(documents: documents)))
  }
}

/// Runs a job to its end in the folder `out`.
@discardableResult
func trained(
  model: String, data: String, _ configuration: TrainingConfiguration, out: String, resume: Bool = false,
  observer: (any TrainingObserver)? = nil
) throws -> String {
  let job = try FineTuningJob(model: model, data: data, adapterFormat: .peft, configuration: configuration)
  let start = try RunDirectory.open(at: out, record: job.record(inputs: []), resume: resume, overwrite: false)
  let trainer = try job.trainer(in: start.directory, logsMemory: false)
  trainer.observer = observer
  _ = try trainer.train()
  return out
}

/// The lines of a run's log that are steps.
func loggedSteps(_ out: String) throws -> [Fields] {
  try Files.readText(path: "\(out)/log.jsonl").split(separator: "\n")
    .map { try Fields(JSON.parse(String($0), source: "log"), source: "log") }.filter { $0.has("loss") }
}

/// The largest difference.
func difference(_ found: Tensor, _ expected: Tensor) -> Double {
  zip(found.floats(), expected.floats()).reduce(0) { max($0, Double(abs($1.0 - $1.1))) }
}

/// The largest difference, in parts of the largest magnitude expected; as it is where zeros are expected.
func relativeDifference(_ found: Tensor, _ expected: Tensor) -> Double {
  let magnitude = expected.floats().reduce(0) { max($0, Double(abs($1))) }
  return difference(found, expected) / (magnitude > 0 ? magnitude : 1)
}
