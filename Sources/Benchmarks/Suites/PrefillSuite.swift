// Tokens a second while a prompt is read: many rows at once, so the limit is the arithmetic.

import Generation
import Models
import SafeIO
import TensorCore

/// The suite `prefill`.
struct PrefillSuite {
  let harness: Harness
  let models: BenchmarkModels

  init(_ harness: Harness, _ models: BenchmarkModels) { (self.harness, self.models) = (harness, models) }

  func run() throws {
    let options = harness.options
    for format in WeightFormatChoice.all(options) {
      let arithmetic = format.generating(options)
      let decoder = try Decoder(
        ModelDirectory(path: models.folder(bits: format.bits)), arithmetic: arithmetic)
      // Attention grows with the square of the length, so there is a long prompt too.
      for length in Set([options.prompt, 8 * options.prompt]).sorted()
      where length <= decoder.spec.contextLength {
        try measure(decoder, length: length, format, arithmetic)
      }
    }
  }

  private func measure(
    _ decoder: Decoder, length: Int, _ format: WeightFormatChoice, _ arithmetic: Arithmetic
  ) throws {
    let prompt = RandomNumbers.tokens(length, decoder, seed: harness.options.seed)
    let context = DecoderContext(decoder, capacity: length)
    let beginning = context.place
    var settings = format.modelSettings(arithmetic)
    settings["prompt"] = .integer(length)
    try harness.measure(
      .init(suite: .prefill, name: "prefill", shape: models.name, settings: settings),
      threads: harness.options.threads, unit: .tokens, amount: Double(length),
      bound: .init(format.limit(arithmetic, rows: length), ModelWork(decoder).prefillOperations(length))
    ) {
      context.goBack(to: beginning)
      _ = try context.readInPieces(prompt, logitsAt: [length - 1]) { try Interruption.check() }
    }
  }
}
