// A folder to run mlt lora, fuse and init in: a tiny model with a tokenizer, rows, and the recorded settings.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import WeightFiles

/// A scratch folder with a tiny model (a link to the fine-tuning tests' golden) and the golden's rows.
struct FineTuningFolder {
  let scratch: Scratch
  var path: String { scratch.path }

  private static let goldens = "\(Shared.repository)/Tests/FineTuningTests/Goldens"
  static let model = "\(goldens)/base/tiny-qwen2"
  static let golden = "\(goldens)/lora/tiny-qwen2-lora"

  init() throws {
    scratch = try Scratch()
    let data = try SafetensorsFile(path: "\(Self.goldens)/lora/data.safetensors")
    func rows(_ name: String) throws -> [JSON] {
      let tensor = try data.tensor(name)
      let (values, width) = (tensor.integers(), tensor.shape[1])
      return (0..<tensor.shape[0]).map { row in
        .array(values[row * width..<(row + 1) * width].map(JSON.integer))
      }
    }
    let lines = try zip(rows("input_ids"), rows("labels")).map { ids, labels in
      JSON.object(["input_ids": ids, "labels": labels]).text() + "\n"
    }
    try scratch.write(lines.joined(), "rows.jsonl")
    try scratch.write(
      """
      fine_tune_type: lora
      rank: 8
      alpha: 16
      batch_size: 2
      loss_normalization: micro-batch
      iters: 20
      learning_rate: 1e-3
      lr_schedule: cosine
      warmup_steps: 4
      optimizer: adamw
      betas: [0.9, 0.999]
      eps: 1e-8
      weight_decay: 0.01
      max_grad_norm: 1.0
      shuffle: false
      """, "golden.yaml")
  }

  func run(_ arguments: String...) throws -> Mlt.Run { try Mlt.run(arguments, in: path) }

  /// `mlt lora` on the tiny model and the rows.
  func lora(_ arguments: String...) throws -> Mlt.Run {
    try Mlt.run(["lora", "--model", Self.model, "--data", "rows.jsonl"] + arguments, in: path)
  }

  /// Starts mlt and sends it a signal after `delay` seconds; nil when it had ended by itself, else its exit status
  /// or the signal that ended it.
  func interrupt(_ arguments: [String], signal: Int32, after delay: Double) throws -> Int32? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Mlt.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: delay)
    let isRunning = process.isRunning
    Foundation.kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return isRunning ? process.terminationStatus : nil
  }

  /// Starts mlt in the background and waits until `file` has something in it.
  func start(_ arguments: [String], until file: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Mlt.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: try scratch.write("", "stderr"))
    try process.run()
    while process.isRunning, (try? bytes(file).isEmpty) ?? true { Thread.sleep(forTimeInterval: 0.01) }
    return process
  }

  func bytes(_ file: String) throws -> [UInt8] { try Files.read(path: "\(path)/\(file)") }

  /// The lines of a log that are steps.
  func steps(_ out: String) throws -> [Fields] {
    try Files.readText(path: "\(path)/\(out)/log.jsonl").split(separator: "\n")
      .map { try Fields(JSON.parse(String($0), source: "log"), source: "log") }.filter { $0.has("loss") }
  }
}
