// mlt init: a model with random weights, for training from nothing.

import ArgumentParser
import Models
import Registry
import SafeIO
import TensorCore
import Tokenization
import WeightFiles

/// The `init` command.
struct Init: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a model with random weights, to be trained.",
    discussion: """
      EXAMPLE
        mlt init --config config.json --tokenizer tokenizer --seed 1 --out seed
        mlt lora --fine-tune-type full --model seed --data corpus --out model
      """)

  @Option(help: "A config.json of a supported architecture.")
  var config: String

  @Option(help: "The folder with tokenizer.json and what lies beside it.")
  var tokenizer: String

  @Option(help: "The same seed gives the same weights.")
  var seed = 0

  @Option(help: "Stored type: float32, bfloat16 or float16.")
  var dtype = WeightType.bfloat16

  @OptionGroup var output: OutputOptions

  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = common.start()
    try output.check(reading: [tokenizer])
    guard var config = try JSON.read(path: self.config, acceptingInfinity: true).objectValue else {
      throw Failure.badData(self.config, "expected an object with keys")
    }
    let spec = try Families.spec(config: .object(config), source: self.config)
    let vocabulary = try Tokenizer.load(directory: tokenizer).vocabularySize
    guard vocabulary <= spec.vocabularySize else {
      throw Failure.badData(
        self.config,
        "vocab_size is \(spec.vocabularySize), the tokenizer in \(tokenizer) has \(vocabulary) tokens")
    }
    config.setWeightType(dtype.dtype)
    let provenance = Provenance(
      command: "init", arguments: ["dtype": .string(dtype.rawValue)],
      inputs: [
        try .file(role: "config", path: self.config), try .directory(role: "tokenizer", path: tokenizer),
      ], seed: seed, instructionSet: InstructionSet.name)
    try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
      try write(spec, config, into: staging, progress)
      try Manifest.seal(staging, provenance)
    }
    report(spec)
  }

  private func write(
    _ spec: DecoderSpec, _ config: JSONObject, into staging: String, _ progress: (any ProgressReporting)?
  ) throws {
    let writer = ModelWriter(
      directory: staging, entries: spec.parameters.map { $0.stored(as: dtype.dtype) }.wholes)
    try writer.appendInitialWeights(of: spec, seed: seed, dtype: dtype.dtype, progress: progress)
    try writer.finish()
    try CompanionFiles.copy(from: tokenizer, to: staging)
    try Files.writeAtomically(config.configText, to: "\(staging)/config.json")
  }

  private func report(_ spec: DecoderSpec) {
    if common.json {
      Console.print(json: [
        "version": 1, "out": .string(output.out), "parameters": .integer(spec.parameterCount),
      ])
    } else {
      Console.print("\(output.out): \(spec.parameterCount) parameters, random from seed \(seed)")
    }
  }
}
