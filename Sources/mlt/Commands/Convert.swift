// mlt convert: a model checked and written anew.

import ArgumentParser
import Models
import Quantization
import Registry
import SafeIO
import TensorCore
import WeightFiles

/// The `convert` command.
struct Convert: ParsableCommand {
  /// A value of `--format`.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case safetensors
    case hdf5
    case gguf
  }

  static let configuration = CommandConfiguration(
    abstract: "Check a model and write its weights anew.",
    discussion: """
      Checks that every weight that config.json calls for is there with the right shape, and writes them in the type \
      asked for; without --dtype the values stay byte for byte. Tensors that the model does not use are left out and \
      named. A weight file alone, such as one of Keras, goes into the other format as it is, every tensor under its name.

      What GPTQ, AWQ, compressed-tensors or FP8 have packed becomes MLX's format with the same values; where that has no \
      such grid, floats. Files of another size are made of the same tensors: several with --max-shard-size, one of \
      several with a large one.

      The model can be a GGUF file; with --format gguf one is written: by itself where --out ends in .gguf, else in a \
      folder with its manifest.

      EXAMPLE
        mlt convert --model Llama-3.2-1B --out base
        mlt convert --model Llama-3.2-1B --dtype bfloat16 \\
          --quantize --bits 4 --out base-4bit
        mlt convert --model base-4bit --dequantize --out base-again
        mlt convert --model base --format hdf5 --out base-h5
        mlt convert --model cnn.weights.h5 --out cnn
        mlt convert --model Qwen3-8B-AWQ --out qwen3-4bit
        mlt convert --model base --max-shard-size 2GB --out base-shards
        mlt convert --model base --format gguf --type q4_k_m --out base.gguf
        mlt convert --model base.gguf --dtype bfloat16 --out base-again
      """)

  @Option(help: "The folder of the model, a GGUF file, or a weight file.")
  var model: String

  @Option(help: "The type of the weights. Default: as they are.")
  var dtype: WeightType?

  @Flag(name: .shortAndLong, help: "Quantize, as mlt quantize does.")
  var quantize = false

  @OptionGroup var quantization: QuantizationFlags

  @Flag(help: "Make floats of a quantized model, in the type of its scales or in --dtype.")
  var dequantize = false

  @Option(help: "The format of the weight files: safetensors, hdf5 (model.h5) or gguf.")
  var format = Format.safetensors

  @Option(
    help: ArgumentHelp(
      "The most that one weight file holds, such as 500MB, 2GB or 4GiB. Default: 5GiB.", valueName: "size"))
  var maxShardSize: ByteCount?

  @Option(
    help: ArgumentHelp(
      "The types of a GGUF file, as llama-quantize names them: \(GGUFMix.allCases.map(\.rawValue).joined(separator: ", ")). "
        + "Default: as stored."))
  var type: GGUFMix?

  @OptionGroup var output: OutputOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if format == .gguf && (quantize || dequantize || dtype != nil) {
      throw ValidationError("--quantize, --dequantize and --dtype do not go with --format gguf; see --type")
    }
    if format != .gguf && type != nil { throw ValidationError("--type goes with --format gguf") }
    if quantize && dequantize { throw ValidationError("--quantize and --dequantize exclude each other") }
    if maxShardSize != nil && format != .safetensors {
      throw ValidationError("--max-shard-size is about files of safetensors; others hold all weights in one")
    }
    if quantization.isAnyGiven && !quantize {
      throw ValidationError("--bits, --group-size, --mode and --quant-predicate need --quantize")
    }
  }

  func run() throws {
    let progress = common.start()
    if format == .gguf { return try writeGGUF(progress) }
    try output.check(reading: [model])
    let write = try writing()
    let start = ContinuousClock.now
    let report = try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
      let digests = OutputDigests()
      let (report, input) = try read { try write(staging, digests, progress) }
      let provenance = Provenance(
        command: "convert",
        arguments: [
          "dtype": dtype.map { .string($0.rawValue) } ?? .null,
          "quantize": quantize ? .object(quantization.arguments) : .null, "dequantize": .bool(dequantize),
          "format": .string(format.rawValue),
          "max_shard_size": maxShardSize.map { .integer($0.bytes) } ?? .null,
        ], inputs: [input], settings: format == .hdf5 ? ["libhdf5": .string(HDF5File.libraryVersion)] : .null,
        instructionSet: InstructionSet.name)
      try Manifest.seal(staging, provenance, digests: digests)
      return report
    }
    report.print(out: output.out, duration: .now - start, as: common)
  }

  /// Fills a staging folder.
  private typealias Writing = (String, any FileFollower, (any ProgressReporting)?) throws -> RewriteReport

  /// What is to be written, checked before anything is.
  private func writing() throws -> Writing {
    let written = format == .hdf5 ? WrittenFormat.hdf5 : .safetensors
    guard Files.exists(model), !Files.isDirectory(model), try GGUFFile.of(model: model) == nil else {
      let rewrite = try ModelRewrite(
        ModelDirectory(path: model), dtype: dtype?.dtype, plan: quantize ? quantization.plan : nil,
        dequantizing: dequantize, format: written)
      let shardBytes = maxShardSize?.bytes ?? ModelWriter.usualShardBytes
      return { try rewrite.write(into: $0, maximumShardBytes: shardBytes, follower: $1, progress: $2) }
    }
    guard dtype == nil, !quantize, !dequantize, maxShardSize == nil else {
      throw Failure.usage(
        "\(model) is a weight file; --dtype, --quantize, --dequantize and --max-shard-size need the folder of a model, with config.json"
      )
    }
    let rewrite = try WeightFileRewrite(path: model, format: written)
    return { try rewrite.write(into: $0, follower: $1, progress: $2) }
  }

  /// Hashes the input while it is read.
  private func read(
    _ body: () throws -> RewriteReport
  ) throws -> (result: RewriteReport, input: ProvenanceInput) {
    try ProvenanceInput.model(path: model, while: body)
  }
}
