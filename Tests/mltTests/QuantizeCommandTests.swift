// mlt quantize from the command line.

import Foundation
import Registry
import SafeIO
import TensorCore
import TestSupport
import Testing

@Suite struct `mlt quantize` {
  private let scratch: Scratch
  private let model: String
  private let out: String

  init() throws {
    scratch = try Scratch()
    model = "\(scratch.path)/model"
    out = "\(scratch.path)/out"
    try TinyModel().write(to: model)
  }

  private func quantize(_ flags: String..., model: String? = nil) throws -> Mlt.Run {
    try Mlt.run(["quantize", "--model", model ?? self.model, "--out", out] + flags)
  }

  /// Everything in the scratch folder but the model, hidden files included.
  private func leftovers() throws -> [String] { try Files.list(scratch.path).filter { $0 != "model" } }

  @Test func `writes a sealed model and a table of what it cost`() throws {
    let run = try quantize("--bits", "8", "--group-size", "32")
    #expect(run.status == 0, "\(run.stderr)")
    let lines = run.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let rows = lines.map { $0.split(separator: " ").joined(separator: " ") }
    #expect(rows[0] == "matrix shape stored as bits/weight error")
    #expect(rows[1].hasPrefix("model.embed_tokens 258 × 32 8 bits, groups of 32 10.00 0."))
    #expect(rows.contains { $0.hasPrefix("model.layers.1.mlp.down_proj 32 × 48 float32 32.00") })
    #expect(lines.last { !$0.isEmpty }?.contains("bits per weight, relative error 0.") ?? false)
    #expect(try Manifest.verify(out).ok)
    #expect(
      try Files.list(out) == [
        "config.json", "manifest.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json",
        "tokenizer_config.json",
      ])
    let config = try JSON.read(path: "\(out)/config.json")
    #expect(config["quantization"] == ["group_size": 32, "bits": 8, "mode": "affine"])
    #expect(config["quantization_config"] == config["quantization"])
  }

  @Test func `prints one JSON object with a version when asked to`() throws {
    let run = try quantize("--group-size", "32", "--json")
    let json = try run.json
    #expect(json["version"] == 1 && json["out"] == .string(out))
    #expect(json["layers"]?.arrayValue?.count == 15)
    #expect(json["layers"]?.arrayValue?.first?["bits"] == 4)
    #expect(try #require(json["bits_per_weight"]?.doubleValue) > 5)
    #expect(try #require(json["relative_error"]?.doubleValue) > 0)
    #expect(json["seconds"]?.doubleValue != nil && json["dropped"] == [] && json["unknown"] == [])
  }

  @Test func `gives the same bytes with any number of threads`() throws {
    #expect(try quantize("--group-size", "32", "--threads", "1").status == 0)
    let first = try Manifest.digest(of: out)
    #expect(try quantize("--group-size", "32", "--threads", "3", "--overwrite").status == 0)
    #expect(try Manifest.digest(of: out) == first)
  }

  @Test(arguments: [
    (["--bits", "7"], "7 bits are not supported; choose 2, 3, 4, 5, 6 or 8"),
    (["--group-size", "48"], "groups of 48 are not supported; choose 32, 64 or 128"),
    (["--mode", "nvfp5"], "affine"),
    (["--quant-predicate", "mixed_9_9"], "mixed_2_6"),
    (["--group-size", "128"], "has rows of whole groups of 128; choose a smaller group size"),
  ])
  func `refuses settings that do not exist with those that do`(flags: [String], message: String) throws {
    let run = try Mlt.run(["quantize", "--model", model, "--out", out] + flags)
    #expect(run.status == 64)
    #expect(run.stderr.contains(message), "\(run.stderr)")
    #expect(run.stdout.isEmpty)
    #expect(try leftovers() == [])
  }

  @Test func `refuses a folder that is taken, and replaces it when told to`() throws {
    #expect(try quantize("--group-size", "32").status == 0)
    let again = try quantize("--group-size", "32")
    #expect(again.status == 64)
    #expect(again.stderr == "mlt: \(out) exists already; give another --out, or --overwrite to replace it\n")
    #expect(try quantize("--group-size", "32", "--bits", "8", "--overwrite").status == 0)
    #expect(try Manifest.verify(out).ok)
  }

  @Test func `refuses what is quantized already`() throws {
    #expect(try quantize("--group-size", "32").status == 0)
    let run = try Mlt.run(["quantize", "--model", out, "--out", "\(scratch.path)/again"])
    #expect(run.status == 64)
    #expect(
      run.stderr
        == "mlt: \(out) is quantized already (4 bits, groups of 32); quantize the original, or first make floats of it "
        + "with mlt convert --dequantize\n")
  }

  @Test func `names what is missing or broken and leaves nothing behind`() throws {
    #expect(try quantize(model: "\(scratch.path)/nowhere").status == 66)
    let weights = "\(model)/model.safetensors"
    try Files.writeAtomically(Array(try Files.read(path: weights).dropLast(100)), to: weights)
    let run = try quantize("--group-size", "32")
    #expect(run.status == 65)
    #expect(run.stderr.hasPrefix("mlt: \(weights): ") && run.stderr.split(separator: "\n").count == 1)
    #expect(try leftovers() == [])
  }

  @Test func `refuses weights that are not numbers with their place`() throws {
    #expect(try quantize("--group-size", "32").status == 0)
    let name = "model.layers.0.self_attn.q_proj.weight"
    try rewriteWeights(of: model) { entry, tensor in
      guard entry == name else { return tensor }
      var values = tensor.floats()
      values[40] = .nan
      return Tensor(values, shape: tensor.shape)
    }
    let run = try quantize("--group-size", "32", "--overwrite")
    #expect(run.status == 65)
    #expect(
      run.stderr
        == "mlt: \(model): tensor '\(name)': row 1, columns 0 to 31 hold a value that is not a finite number or too "
        + "large; such weights can't be quantized\n")
    #expect(try Manifest.verify(out).ok, "the folder from before is untouched")
  }

  @Test func `killed at any moment, it leaves nothing or everything`() throws {
    var large = TinyModel()
    large.hiddenSize = 256
    large.intermediateSize = 1024
    large.layers = 3
    try large.write(to: model)
    for delay in [0.0, 0.01, 0.02, 0.04, 0.06, 0.09, 0.13, 0.2] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Mlt.path)
      process.arguments = ["quantize", "--model", model, "--out", out]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: delay)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if Files.exists(out) {
        #expect(try Manifest.verify(out).ok, "killed after \(delay) s")
        try Files.removeTree(out)
      }
    }
    #expect(try quantize().status == 0)
    #expect(try leftovers() == ["out"], "what dead runs left is gone")
  }
}
