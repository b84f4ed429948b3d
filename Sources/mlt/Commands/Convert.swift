// mlt convert: a model checked and written anew.

import ArgumentParser
import Models
import Quantization
import Registry
import SafeIO
import TensorCore

/// The `convert` command.
struct Convert: ParsableCommand {
  /// A value of `--format`.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case safetensors
  }

  static let configuration = CommandConfiguration(
    abstract: "Check a model and write its weights anew.",
    discussion: """
      Checks that every weight that config.json calls for is there with the right shape, and writes them in the type \
      asked for; without --dtype the values stay byte for byte. Tensors that the model does not use are left out and \
      named.

      EXAMPLE
        mlt convert --model Llama-3.2-1B --out base
        mlt convert --model Llama-3.2-1B --dtype bfloat16 \\
          --quantize --bits 4 --out base-4bit
        mlt convert --model base-4bit --dequantize --out base-again
      """)

  @Option(help: "The folder of the model.")
  var model: String

  @Option(help: "The type of the weights. Default: as they are.")
  var dtype: WeightType?

  @Flag(name: .shortAndLong, help: "Quantize, as mlt quantize does.")
  var quantize = false

  @OptionGroup var quantization: QuantizationFlags

  @Flag(help: "Make floats of a quantized model, in the type of its scales or in --dtype.")
  var dequantize = false

  @Option(help: "The format of the weight files.")
  var format = Format.safetensors

  @OptionGroup var output: OutputOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if quantize && dequantize { throw ValidationError("--quantize and --dequantize exclude each other") }
    if quantization.isAnyGiven && !quantize {
      throw ValidationError("--bits, --group-size, --mode and --quant-predicate need --quantize")
    }
  }

  func run() throws {
    let progress = common.start()
    try output.check(reading: [model])
    let rewrite = try ModelRewrite(
      ModelDirectory(path: model), dtype: dtype?.dtype, plan: quantize ? quantization.plan : nil,
      dequantizing: dequantize)
    let start = ContinuousClock.now
    let report = try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
      let digests = OutputDigests()
      let (report, input) = try ProvenanceInput.directory(role: "model", path: model) {
        try rewrite.write(into: staging, follower: digests, progress: progress)
      }
      let provenance = Provenance(
        command: "convert",
        arguments: [
          "dtype": dtype.map { .string($0.rawValue) } ?? .null,
          "quantize": quantize ? .object(quantization.arguments) : .null, "dequantize": .bool(dequantize),
          "format": .string(format.rawValue),
        ], inputs: [input], instructionSet: InstructionSet.name)
      try Manifest.seal(staging, provenance, digests: digests)
      return report
    }
    report.print(out: output.out, duration: .now - start, as: common)
  }
}
