// The decoder against transformers and mlx-lm, on every reference model of the known families.

import Foundation
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing

@Suite struct GoldenModelTests {
  /// Measured differences between float32 and float64 runs of the reference are up to 9e-6.
  static let logitsTolerance: Float = 2e-4
  /// Relative to the largest magnitude in the tensor.
  static let hiddenTolerance: Float = 5e-5

  static let bundled = ["models", "families"].flatMap { folder in
    names(in: folder).map { "\(GoldenModel.bundled)/\(folder)/\($0)" }
  }
  static let shared = [
    "models/llama-rope3-gqa", "models/llama-tied-bias", "models/llama-h256", "models/qwen2",
    "models/gemma3-old-config", "models/gpt-oss", "models/gpt2", "models/qwen3-moe", "base/tiny-llama",
    "base/tiny-qwen2",
  ].filter { Shared.has("goldens/\($0)") }.map { Shared.file("goldens/\($0)") }

  /// The golden models in a folder.
  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(GoldenModel.bundled)/\(folder)")) ?? [])
      .sorted()
  }

  @Test func `the goldens of families are those that the script makes`() throws {
    let script = try Files.readText(path: "\(Shared.repository)/scripts/goldens/make_model_goldens.py")
    let table = script.components(separatedBy: "FAMILIES = {")[1].components(separatedBy: "\n}")[0]
    let made = table.split(separator: "\n").compactMap { line -> String? in
      line.hasPrefix("    \"") ? String(line.dropFirst(5).prefix { $0 != "\"" }) : nil
    }
    #expect(made.sorted() == Self.names(in: "families"))
  }

  @Test(arguments: bundled + shared)
  func `logits and hidden states are those of transformers`(_ path: String) throws {
    let model = try GoldenModel(path: path)
    let ids = try model.ids("input_ids")
    let worst = difference(model.logits(ids), try model.floats("logits"))
    #expect(worst <= Self.logitsTolerance)
    let states = model.decoder.hiddenStates(TokenRows(documents: ids))
    #expect(states.count == model.decoder.spec.blocks.count + 1)
    for (number, state) in states.enumerated() {
      let expected = try model.floats("hidden_states.\(number)")
      let scale = expected.map(abs).max() ?? 0
      #expect(difference(state.floats(), expected) <= Self.hiddenTolerance * scale, "hidden_states.\(number)")
    }
  }

  @Test(arguments: bundled + shared)
  func `greedy continuations are those of transformers`(_ path: String) throws {
    let model = try GoldenModel(path: path)
    let expected = try model.ids("greedy_ids")[0]
    #expect(model.greedy(try model.ids("input_ids")[0], count: expected.count) == expected)
  }

  @Test(arguments: bundled + shared.filter { $0.contains("/models/") })
  func `a batch without padding gives each document its own logits`(_ path: String) throws {
    let model = try GoldenModel(path: path)
    let worst = difference(model.logits(try model.ids("batch2_input_ids")), try model.floats("batch2_logits"))
    #expect(worst <= Self.logitsTolerance)
  }

  /// Where frequencies depend on the length of the sequence, cached keys keep those of theirs.
  @Test(arguments: (bundled + shared).filter { !$0.contains("longrope") && !$0.contains("dynamic") })
  func `decoding with a cache gives the logits of a full forward`(_ path: String) throws {
    let model = try GoldenModel(path: path)
    let decoder = model.decoder
    let ids = try model.ids("input_ids")[0]
    for pieces in [[ids.count], [5, 7, ids.count - 12], Array(repeating: 1, count: ids.count)] {
      let caches = KeyValueCaches(decoder.spec)
      var logits: [Float] = []
      var start = 0
      for piece in pieces {
        let rows = TokenRows(documents: [Array(ids[start..<start + piece])])
        logits += decoder.logits(decoder.forward(rows, caches: [caches])).floats()
        start += piece
      }
      #expect(caches.length == ids.count)
      #expect(difference(logits, try model.floats("logits")) <= Self.logitsTolerance)
    }
  }

  static let quantized =
    ["\(GoldenModel.bundled)/mlx/tiny-qwen2-q4-g32"]
    + ["q4-g32", "q4-g64", "q4-g128", "q8-g32", "q8-g64", "mixed_3_6", "mxfp4"].map { "mlx/tiny-llama-\($0)" }
    .filter { Shared.has("goldens/\($0)") }.map { Shared.file("goldens/\($0)") }

  @Test(arguments: quantized)
  func `models quantized by MLX give its logits`(_ path: String) throws {
    let model = try GoldenModel(path: path)
    let worst = difference(model.logits(try model.ids("input_ids")), try model.floats("logits_f32"))
    #expect(worst <= Self.logitsTolerance)
    #expect(model.directory.ignoredTensors == [])
  }
}
