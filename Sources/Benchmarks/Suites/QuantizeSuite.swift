// A bf16 model made smaller: the arithmetic and writing alone, and the whole command with its manifest.

import Models
import Quantization
import SafeIO
import TensorCore
import WeightFiles

/// The suite `quantize`.
struct QuantizeSuite {
  let harness: Harness
  let models: BenchmarkModels

  init(_ harness: Harness, _ models: BenchmarkModels) { (self.harness, self.models) = (harness, models) }

  func run() throws {
    let options = harness.options
    let source = try models.folder(bits: 16)
    let model = try ModelDirectory(path: source)
    let bytes = Double(model.weights.entries.reduce(0) { $0 + $1.byteCount })
    let output = "\(models.scratch)/quantized"
    let choices = WeightFormatChoice.all(options).map(\.bits).filter { $0 < 16 }
    for bits in choices.isEmpty ? [4] : choices {
      let plan = try QuantizationPlan(bits: bits, groupSize: options.groupSize)
      let settings: JSONObject = ["bits": .integer(bits), "group_size": .integer(options.groupSize)]
      try harness.measure(
        .init(suite: .quantize, name: "quantize and write", shape: models.name, settings: settings),
        threads: options.threads, unit: .bandwidth, amount: bytes, bound: .init(.copy, bytes),
        before: {
          try Files.removeTree(output)
          try Files.makeDirectory(output)
        }, body: { _ = try ModelRewrite(model, plan: plan).write(into: output) })
      let command = try harness.measure(
        .init(suite: .quantize, name: "mlt quantize", shape: models.name, settings: settings),
        threads: options.threads, unit: .bandwidth, amount: bytes, bound: .init(.copy, bytes),
        before: { try Files.removeTree(output) },
        body: {
          try Program(options).run([
            "quantize", "--model", source, "--bits", "\(bits)", "--group-size", "\(options.groupSize)",
            "--out", output,
          ])
        })
      harness.add(command.seconds(for: bytes / 1e9, named: "mlt quantize, whole"))
      try Files.removeTree(output)
    }
  }
}
