// Models written as GGUF files, and read again.

import Foundation
import Models
import Quantization
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `GGUF export` {
  /// The small models of all families, which come with the tests of `Models`.
  static let families: [String] = {
    let folder = Shared.repository + "/Tests/ModelsTests/Goldens/families"
    return ((try? Files.list(folder)) ?? []).map { "\(folder)/\($0)" }
  }()

  private func logits(_ path: String) throws -> [Float] {
    let directory = try ModelDirectory(path: path)
    let decoder = try Decoder(directory)
    let ids = (0..<20).map { Int32(($0 * 7 + 3) % directory.spec.vocabularySize) }
    return decoder.logits(decoder.forward(TokenRows(documents: [ids]))).floats()
  }

  private func export(_ path: String, _ mix: GGUFMix?, to file: String) throws -> RewriteReport {
    try GGUFExport(ModelDirectory(path: path), mix: mix, vocabulary: []).write(to: file, durably: false)
  }

  /// The largest difference over the largest magnitude.
  private func difference(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count else { return .infinity }
    let size = right.reduce(0) { max($0, abs($1)) }
    return zip(left, right).reduce(0) { $0.isNaN ? .nan : max($0, abs($1.0 - $1.1)) } / size
  }

  @Test(arguments: families)
  func `a model of every family computes the same from its GGUF file, or is refused by name`(family: String)
    throws
  {
    let scratch = try Scratch()
    let file = scratch.path + "/model.gguf"
    let name = Files.name(of: family)
    do {
      _ = try export(family, .f32, to: file)
    } catch let failure as Failure {
      #expect(failure.kind == .badData)
      #expect(failure.message.contains("GGUF"), "\(name): \(failure)")
      return
    }
    // Weights are the same in f32; 1 was added to some norms and taken away again.
    #expect(difference(try logits(file), try logits(family)) < 2e-5, "\(name)")
  }

  @Test(arguments: GGUFMix.allCases)
  func `every mix is near the model`(mix: GGUFMix) throws {
    let scratch = try Scratch()
    let file = scratch.path + "/model.gguf"
    let model = QuantizationGoldens.base
    let report = try export(model, mix, to: file)
    let limits: [(GGUFMix, Double)] = [(.f32, 0), (.bf16, 0), (.f16, 1e-3), (.q80, 0.01), (.q6K, 0.03)]
    let limit = limits.first { $0.0 == mix }?.1 ?? 0.2
    #expect(report.error?.relative ?? 0 <= limit)
    #expect(report.byteCount > 0 && report.parameterCount > 0)
    #expect(difference(try logits(file), try logits(model)) <= Float(limit) * 2 + 1e-5)
    // Written again as it is.
    let again = scratch.path + "/again.gguf"
    _ = try export(file, nil, to: again)
    #expect(try logits(again) == logits(file))
    let (first, second) = (try GGUFFile(path: file), try GGUFFile(path: again))
    for tensor in first.header.tensors {
      #expect(second.described(tensor.name)?.type == tensor.type)
      #expect([UInt8](try second.bytes(tensor.name)) == [UInt8](try first.bytes(tensor.name)))
    }
  }

  @Test func `codes of MLX are taken over and not quantized a second time`() throws {
    let scratch = try Scratch()
    let file = scratch.path + "/model.gguf"
    let report = try export(QuantizationGoldens.quantized, nil, to: file)
    #expect(report.error == nil)
    let gguf = try GGUFFile(path: file)
    #expect(gguf.described("blk.0.attn_q.weight")?.type == .blocks(.q41))
    #expect(difference(try logits(file), try logits(QuantizationGoldens.quantized)) < 1e-6)
    let failure = #expect(throws: Failure.self) {
      try export(QuantizationGoldens.quantized, .q4KMedium, to: file)
    }
    #expect(failure?.kind == .usage)
  }

  @Test func `rows that are no whole blocks get what llama-quantize gives them`() throws {
    let scratch = try Scratch()
    let file = scratch.path + "/model.gguf"
    _ = try export(QuantizationGoldens.base, .q4KMedium, to: file)
    let gguf = try GGUFFile(path: file)
    // Rows of 64 and 192 are blocks of 32 alone; the embedding is the head as well.
    #expect(gguf.described("blk.0.attn_q.weight")?.type == .blocks(.q50))
    #expect(gguf.described("token_embd.weight")?.type == .blocks(.q80))
    #expect(gguf.described("blk.0.attn_norm.weight")?.type == .plain(.f32))
  }

  @Test func `blocks become the floats that they stand for`() throws {
    let scratch = try Scratch()
    let file = scratch.path + "/model.gguf"
    _ = try export(QuantizationGoldens.base, .q40, to: file)
    let folder = scratch.path + "/floats"
    try Files.makeDirectory(folder)
    _ = try ModelRewrite(ModelDirectory(path: file), dtype: .f32, dequantizing: true).write(into: folder)
    #expect(try logits(folder) == logits(file))
  }

  @Test(
    .enabled(if: Shared.has("goldens/gguf")),
    arguments: [
      "tiny-llama-bf16", "tiny-llama-Q8_0", "tiny-llama-Q4_0", "tiny-llama-Q4_K", "tiny-qwen2-bf16",
      "tiny-qwen2-Q8_0",
    ])
  func `files that llama.cpp wrote compute what their weights say`(name: String) throws {
    let directory = try ModelDirectory(path: Shared.file("goldens/gguf/\(name).gguf"))
    let golden = try SafetensorsFile(path: Shared.file("goldens/gguf/\(name).safetensors"))
    let ids = try golden.tensor("input_ids").integers().map(Int32.init)
    let decoder = try Decoder(directory)
    let logits = decoder.logits(decoder.forward(TokenRows(documents: [ids]))).floats()
    let expected = try golden.tensor("logits").floats()
    // As the goldens say.
    #expect(zip(logits, expected).allSatisfy { abs($0 - $1) <= 2e-4 } && logits.count == expected.count)
  }

  @Test(
    .enabled(if: Shared.has("goldens/gguf")),
    arguments: [
      ("tiny-llama", GGUFMix?.none, "bf16"), ("tiny-llama", .q80, "Q8_0"), ("tiny-llama", .q40, "Q4_0"),
      ("tiny-llama", .q4KMedium, "Q4_K"), ("tiny-qwen2", nil, "bf16"), ("tiny-qwen2", .q80, "Q8_0"),
    ])
  func `tensors are those that llama.cpp writes`(base: String, mix: GGUFMix?, golden: String) throws {
    let scratch = try Scratch()
    let file = scratch.path + "/model.gguf"
    _ = try export(Shared.file("goldens/base/\(base)"), mix, to: file)
    let (ours, theirs) = (
      try GGUFFile(path: file), try GGUFFile(path: Shared.file("goldens/gguf/\(base)-\(golden).gguf"))
    )
    #expect(Set(ours.header.tensors.map(\.name)) == Set(theirs.header.tensors.map(\.name)))
    for tensor in theirs.header.tensors {
      let own = try #require(ours.described(tensor.name))
      #expect(own.shape == tensor.shape)
      #expect(own.type == tensor.type, "\(tensor.name)")
      guard own.type == tensor.type else { continue }
      #expect(
        [UInt8](try ours.bytes(tensor.name)) == [UInt8](try theirs.bytes(tensor.name)), "\(tensor.name)")
    }
    for (key, value) in theirs.header.metadata where key.hasPrefix(base == "tiny-llama" ? "llama." : "qwen2.")
    {
      #expect(ours.header[key] == value, "\(key)")
    }
  }
}
