// mlt convert from the command line.

import Foundation
import Registry
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `mlt convert` {
  private let scratch: Scratch
  private let model: String

  init() throws {
    scratch = try Scratch()
    model = "\(scratch.path)/model"
    try TinyModel().write(to: model)
  }

  private func convert(_ source: String, to name: String, _ flags: String...) throws -> Mlt.Run {
    try Mlt.run(["convert", "--model", source, "--out", "\(scratch.path)/\(name)"] + flags)
  }

  private func weights(_ name: String) throws -> [String: [UInt8]] {
    let source = try ShardedWeights(directory: "\(scratch.path)/\(name)")
    var contents: [String: [UInt8]] = [:]
    for entry in source.entries { contents[entry.name] = [UInt8](try source.bytes(entry.name)) }
    return contents
  }

  @Test func `keeps the weights to the byte, and says so in one line`() throws {
    let run = try convert(model, to: "out")
    #expect(run.status == 0 && run.stderr.isEmpty, "\(run.stderr)")
    #expect(run.stdout.hasPrefix("\(scratch.path)/out: ") && run.stdout.contains("32.000 bits per weight, "))
    #expect(run.stdout.split(separator: "\n").count == 1)
    #expect(try weights("out") == weights("model"))
    #expect(try Manifest.verify("\(scratch.path)/out").ok)
    #expect(try convert("\(scratch.path)/out", to: "again").status == 0)
    for name in try Files.list("\(scratch.path)/out") where name != Manifest.fileName {
      #expect(
        try Files.read(path: "\(scratch.path)/again/\(name)")
          == Files.read(path: "\(scratch.path)/out/\(name)"))
    }
  }

  @Test func `changes the type of weights and configuration`() throws {
    #expect(try convert(model, to: "half", "--dtype", "bfloat16").status == 0)
    let half = try ShardedWeights(directory: "\(scratch.path)/half")
    #expect(half.entries.allSatisfy { $0.dtype == .bf16 })
    #expect(try JSON.read(path: "\(scratch.path)/half/config.json")["torch_dtype"] == "bfloat16")
  }

  @Test func `quantizes as mlt quantize does, and back`() throws {
    #expect(try convert(model, to: "a", "-q", "--bits", "3", "--group-size", "32").status == 0)
    let quantize = try Mlt.run([
      "quantize", "--model", model, "--out", "\(scratch.path)/b", "--bits", "3", "--group-size", "32",
    ])
    #expect(quantize.status == 0)
    #expect(try weights("a") == weights("b"))
    let back = try convert("\(scratch.path)/a", to: "c", "--dequantize", "--json")
    #expect(back.status == 0)
    #expect(try back.json["bits_per_weight"] == 32.0)
    #expect(try Set(weights("c").keys) == Set(weights("model").keys))
    let config = try JSON.read(path: "\(scratch.path)/c/config.json")
    #expect(config["quantization"] == nil && config["quantization_config"] == nil)
  }

  @Test(arguments: [
    (["--quantize", "--dequantize"], "--quantize and --dequantize exclude each other"),
    (["--bits", "4"], "--bits, --group-size, --mode and --quant-predicate need --quantize"),
    (["--format", "onnx"], "safetensors"),
    (["--dtype", "int4"], "bfloat16"),
    (["--dequantize"], "is not quantized; there is nothing to dequantize"),
  ])
  func `refuses flags that do not fit together`(flags: [String], message: String) throws {
    let run = try Mlt.run(["convert", "--model", model, "--out", "\(scratch.path)/out"] + flags)
    #expect(run.status == 64)
    #expect(run.stderr.contains(message), "\(run.stderr)")
    #expect(!Files.exists("\(scratch.path)/out"))
  }

  @Test func `names the tensors that it leaves out`() throws {
    let extra = Tensor.zeros([3])
    try rewriteWeights(
      of: model, added: [("model.layers.0.self_attn.rotary_emb.inv_freq", extra), ("surprise", extra)])
    let run = try convert(model, to: "out")
    #expect(run.status == 0)
    #expect(
      run.stderr == """
        not taken over, since the model does not use them: model.layers.0.self_attn.rotary_emb.inv_freq, surprise
        unknown among these, is config.json the right one? surprise

        """)
  }

  @Test func `names a weight that is missing`() throws {
    try rewriteWeights(of: model) { name, tensor in name == "model.norm.weight" ? nil : tensor }
    let run = try convert(model, to: "out")
    #expect(run.status == 65)
    #expect(
      run.stderr
        == "mlt: \(model): the weights lack the tensor 'model.norm.weight', which config.json calls for\n")
  }
}
