// mlt fuse: an adapter merged into its base.

import ArgumentParser
import FineTuning
import Models
import Quantization
import Registry
import SafeIO
import TensorCore

/// The `fuse` command.
struct Fuse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuse",
    abstract: "Merge an adapter into its base model.",
    discussion: """
      Sums in float32 and stores in the base's type. A quantized base is quantized again with its own bits and \
      groups, unless --dequantize is given. Adapters of PEFT and of mlx-lm are read.

      EXAMPLE
        mlt fuse --model base --adapter adapter --out tuned
      """)

  @Option(help: "The base model.")
  var model: String

  @Option(name: [.long, .customLong("adapter-path")], help: "The adapter's folder.")
  var adapter: String

  @OptionGroup var output: OutputOptions

  @Option(help: "Stored type: float32, bfloat16 or float16. Default: the base's.")
  var dtype: WeightType?

  @Flag(help: "Write floats where the base is quantized.")
  var dequantize = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = common.start()
    try output.check(reading: [model, adapter])
    let base = try ModelDirectory(path: model)
    let adapter = try AdapterFiles.read(directory: adapter)
    let merging = try AdapterMerge(
      base, adapter, source: self.adapter, dtype: dtype?.dtype, dequantizing: dequantize)
    try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
      let digests = OutputDigests()
      let (_, input) = try ProvenanceInput.model(path: model) {
        try merging.write(into: staging, follower: digests, progress: progress) {
          matrix, setting, type in
          try QuantizedMatrix(matrix.cast(to: type), setting).parts
        }
      }
      let provenance = Provenance(
        command: "fuse",
        arguments: ["dtype": dtype.map { .string($0.rawValue) } ?? .null, "dequantize": .bool(dequantize)],
        inputs: [input, try .directory(role: "adapter", path: self.adapter)],
        instructionSet: InstructionSet.name, floatKernels: FloatProduct.libraryKernels)
      try Manifest.seal(staging, provenance, digests: digests)
    }
    report(adapter)
  }

  private func report(_ adapter: Adapter) {
    if common.json {
      Console.print(json: [
        "version": 1, "out": .string(output.out), "merged_matrices": .integer(adapter.pairs.count),
      ])
    } else {
      Console.print("\(output.out): \(adapter.pairs.count) matrices merged")
    }
  }
}
