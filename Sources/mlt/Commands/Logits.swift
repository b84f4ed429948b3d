// mlt logits: what a model computes for given tokens, for comparison with other programs.

import ArgumentParser
import Evaluation
import SafeIO
import TensorCore

/// The command `mlt logits`.
struct Logits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model's logits for given token ids.",
    discussion: """
      FILE holds a JSON array of ids, or an array of such arrays of equal length. The output is one safetensors \
      file with `logits`, f32 [tokens, vocabulary] or [batch, tokens, vocabulary].

      EXAMPLE
        echo '[1, 403, 407, 261]' > ids.json
        mlt logits --model base --tokens ids.json --out logits.safetensors
      """)

  @Option(help: ArgumentHelp("Model folder.", valueName: "dir"))
  var model: String

  @Option(
    name: [.long, .customLong("adapter-path")],
    help: ArgumentHelp("Adapter folder, PEFT or mlx-lm.", valueName: "dir"))
  var adapter: String?

  @Option(help: ArgumentHelp("JSON file of token ids.", valueName: "file"))
  var tokens: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write, replaced if it exists.", valueName: "file"))
  var out: String

  @OptionGroup var precision: ArithmeticOptions

  @OptionGroup var common: CommonOptions

  func run() throws {
    _ = common.start()
    let ids = try TokenLists(JSON.read(path: tokens), source: tokens)
    let model = try OpenedModel(
      path: self.model, adapter: adapter, arithmetic: precision.arithmetic, quiet: common.quiet)
    let shape = try LogitsFile.write(model.decoder, ids, source: tokens, to: out)
    if common.json {
      Console.print(json: [
        "version": 1, "out": .string(out), "shape": .array(shape.map { .integer($0) }),
        "arithmetic": .string(precision.arithmetic.record),
      ])
    } else {
      Console.print("\(out): logits \(shape)")
    }
  }
}
