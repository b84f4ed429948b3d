// Tokens a second after a prompt, one at a time: each token reads every weight once, so the limit is the memory.

import Generation
import Models
import SafeIO
import TensorCore

/// The suite `decode`.
struct DecodeSuite {
  let harness: Harness
  let models: BenchmarkModels

  init(_ harness: Harness, _ models: BenchmarkModels) { (self.harness, self.models) = (harness, models) }

  func run() throws {
    for format in WeightFormatChoice.all(harness.options) {
      for rounding in format.roundings(harness.options) where rounding.isForInference {
        let model = try ModelDirectory(path: models.folder(bits: format.bits))
        let decoder = try Decoder(model)
        for threads in harness.threadCounts { try single(decoder, format, rounding, threads: threads) }
      }
    }
  }

  /// A length that leaves room for what is decoded.
  private func promptLength(_ decoder: Decoder) -> Int {
    max(1, min(harness.options.prompt, decoder.spec.contextLength - harness.options.tokens))
  }

  private func single(
    _ decoder: Decoder, _ format: WeightFormatChoice, _ rounding: Rounding, threads: Int
  ) throws {
    let options = harness.options
    let prompt = RandomNumbers.tokens(promptLength(decoder), decoder, seed: options.seed)
    let next = RandomNumbers.tokens(options.tokens, decoder, seed: options.seed + 1)
    let context = DecoderContext(decoder, capacity: decoder.spec.contextLength)
    _ = try context.readInPieces(prompt, logitsAt: [prompt.count - 1]) { try Interruption.check() }
    let bytes = ModelWork(decoder).weightBytes * Double(next.count)
    var settings = format.modelSettings(rounding)
    settings["prompt"] = .integer(prompt.count)
    try harness.measure(
      .init(suite: .decode, name: "decode", shape: models.name, settings: settings), threads: threads,
      unit: .tokens, amount: Double(next.count), bound: .init(.read, bytes)
    ) {
      context.truncate(to: prompt.count)
      for id in next { _ = try context.read([id], logitsAt: [0]) }
    }
  }
}
