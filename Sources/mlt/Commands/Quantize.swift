// mlt quantize: a model with fewer bits for each weight.

import ArgumentParser
import Models
import Quantization
import Registry
import SafeIO
import TensorCore

/// The `quantize` command.
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store a model's weights in fewer bits.",
    discussion: """
      Rounds every matrix, embedding and head included, to nearest in groups of columns, and writes the files that \
      mlx-lm's convert -q writes: the same codes, scales and biases, bit for bit. A matrix whose rows are no whole \
      groups keeps its type. The error is the root mean square of what rounding changed over that of the weights.

      The modes mxfp4, nvfp4 and mxfp8 round to floats of 4 or 8 bits in groups of 32, 16 and 32.

      EXAMPLE
        mlt quantize --model base --bits 4 --out base-4bit
        mlt quantize --model base --bits 8 --group-size 32 --out base-8bit
        mlt quantize --model base --quant-predicate mixed_4_6 --out base-mixed
        mlt quantize --model base --mode mxfp4 --out base-mxfp4
      """)

  @Option(help: "The folder of the model.")
  var model: String

  @OptionGroup var quantization: QuantizationFlags

  @OptionGroup var output: OutputOptions

  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = common.start()
    try output.check(reading: [model])
    let rewrite = try ModelRewrite(ModelDirectory(path: model), plan: quantization.plan)
    let start = ContinuousClock.now
    let report = try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
      let digests = OutputDigests()
      let (report, input) = try ProvenanceInput.model(path: model) {
        try rewrite.write(into: staging, follower: digests, progress: progress)
      }
      try Manifest.seal(
        staging,
        Provenance(
          command: "quantize", arguments: .object(quantization.arguments), inputs: [input],
          instructionSet: InstructionSet.name), digests: digests)
      return report
    }
    report.print(out: output.out, duration: .now - start, as: common)
  }
}
