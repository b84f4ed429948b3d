// Every family through the commands that change a model: converted, quantized, fine-tuned, fused. What each computes is held
// to transformers elsewhere; here the parts must fit together.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct FamilyCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    let rows: [[Int]] = (0..<4).map { row in (0..<12).map { 3 + ($0 * 31 + row * 7) % 91 } }
    try scratch.write(JSON.array(rows[0].map { .integer($0) }).text(), "ids.json")
    let lines = rows.map { row -> String in
      let ids = JSON.array(row.map { .integer($0) })
      return JSON.object(["input_ids": ids, "labels": ids]).text()
    }
    try scratch.write(lines.joined(separator: "\n") + "\n", "rows.jsonl")
  }

  static let goldens = "\(Shared.repository)/Tests/ModelsTests/Goldens"

  /// One model of each family.
  static let models = ["families", "models"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(goldens)/\(folder)")) ?? []).sorted()
      .map { "\(goldens)/\(folder)/\($0)" }
  }

  private func run(_ arguments: String...) throws {
    let run = try Mlt.run(arguments + ["--quiet"], in: scratch.path)
    try #require(run.status == 0, "\(arguments.joined(separator: " ")): \(run.stderr)")
  }

  private func logits(_ model: String, _ more: String...) throws -> [Float] {
    let arguments = ["logits", "--model", model, "--tokens", "ids.json", "--out", "l.safetensors", "--exact"]
    let run = try Mlt.run(arguments + more, in: scratch.path)
    try #require(run.status == 0, "\(model): \(run.stderr)")
    return try SafetensorsFile(path: scratch.path + "/l.safetensors").tensor("logits").floats()
  }

  /// The largest difference over the largest magnitude.
  private func deviation(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    return worst / (expected.map(abs).max() ?? 1)
  }

  @Test func `there is a model of every family that a reference knows`() { #expect(Self.models.count > 30) }

  @Test(arguments: models.filter { !$0.contains("mxfp4") })
  func `a model is rewritten, quantized, and made floats again`(_ model: String) throws {
    let plain = try logits(model)
    try run("convert", "--model", model, "--out", "converted")
    #expect(try logits("converted") == plain)
    try run("quantize", "--model", model, "--bits", "8", "--group-size", "32", "--out", "quantized")
    let quantized = try logits("quantized")
    // Another choice of experts is another computation.
    if !model.contains("mixtral") { #expect(deviation(quantized, plain) < 0.15) }
    #expect(quantized != plain)
    try run(
      "convert", "--dequantize", "--dtype", "float32", "--model", "quantized", "--out", "dequantized")
    #expect(deviation(try logits("dequantized"), quantized) < 1e-4)
  }

  @Test func `experts that are packed already stay as they are, or become floats`() throws {
    let model = "\(Self.goldens)/models/gpt-oss-mxfp4"
    try run("convert", "--model", model, "--out", "converted")
    let bytes = try Files.read(path: "\(scratch.path)/converted/model.safetensors", limit: 1 << 20)
    #expect(bytes == (try Files.read(path: "\(model)/model.safetensors", limit: 1 << 20)))
    try run("convert", "--dequantize", "--model", model, "--out", "dequantized")
    #expect(try logits("dequantized") == logits(model))
  }

  @Test(arguments: models)
  func `adapters on all linears learn, and fuse into what they computed`(_ model: String) throws {
    try run(
      "lora", "--model", model, "--data", "rows.jsonl", "--out", "adapter", "--iters", "12",
      "--learning-rate", "0.02", "--rank", "4")
    let losses = try Files.readText(path: scratch.path + "/adapter/log.jsonl").split(separator: "\n").map {
      try #require(JSON.parse(String($0), source: "log")["loss"]?.doubleValue)
    }
    #expect(losses.count == 12 && losses[11] < 0.9 * losses[0], "\(losses)")
    try run("fuse", "--model", model, "--adapter", "adapter", "--out", "fused", "--dtype", "float32")
    #expect(deviation(try logits("fused"), try logits(model, "--adapter", "adapter")) < 1e-4)
  }
}
