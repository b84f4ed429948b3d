// Tokens a second after a prompt: each step reads every weight once, so the limit is the memory. Several texts side by side
// share that reading, until the arithmetic is what takes the time.

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
      let arithmetic = format.generating(harness.options)
      let decoder = try Decoder(
        ModelDirectory(path: models.folder(bits: format.bits)), arithmetic: arithmetic)
      for threads in harness.threadCounts {
        try measure(decoder, format, arithmetic, texts: 1, threads: threads)
      }
      let batch = harness.options.batch ?? 8
      if batch > 1 {
        try measure(decoder, format, arithmetic, texts: batch, threads: harness.options.threads)
      }
    }
  }

  /// A length that leaves room for what is decoded.
  private func promptLength(_ decoder: Decoder) -> Int {
    max(1, min(harness.options.prompt, decoder.spec.contextLength - harness.options.tokens))
  }

  /// - Parameter texts: how many are continued side by side.
  private func measure(
    _ decoder: Decoder, _ format: WeightFormatChoice, _ arithmetic: Arithmetic, texts: Int, threads: Int
  ) throws {
    let options = harness.options
    let length = promptLength(decoder)
    var settings = format.modelSettings(arithmetic)
    if texts > 1 { settings["batch"] = .integer(texts) }
    settings["prompt"] = .integer(length)
    let contexts = try (0..<texts).map { text in
      let prompt = RandomNumbers.tokens(length, decoder, seed: options.seed + text)
      let context = DecoderContext(decoder, capacity: decoder.spec.contextLength)
      _ = try context.readInPieces(prompt, logitsAt: []) { try Interruption.check() }
      return context
    }
    let places = contexts.map(\.place)
    let next = RandomNumbers.tokens(options.tokens, decoder, seed: options.seed - 1)
    let work = ModelWork(decoder)
    let bound = Harness.Bound(.read, work.weightBytes * Double(next.count))
      .and(format.limit(arithmetic, rows: texts), work.tokenOperations * Double(texts * next.count))
    try harness.measure(
      .init(suite: .decode, name: "decode", shape: models.name, settings: settings), threads: threads,
      unit: .tokens, amount: Double(texts * next.count), bound: bound
    ) {
      for (context, place) in zip(contexts, places) { context.goBack(to: place) }
      for id in next { _ = try DecoderContext.readTogether(contexts.map { (context: $0, ids: [id]) }) }
    }
  }
}
