// Models that other tools have packed, and MLX's small floats, as a user meets them.

import Foundation
import Registry
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `Packed models on the command line` {
  private let scratch: Scratch
  private let model: String

  init() throws {
    scratch = try Scratch()
    model = "\(scratch.path)/model"
    var tiny = TinyModel()
    tiny.intermediateSize = 64
    try tiny.write(to: model)
  }

  /// Puts GPTQ's tensors in the place of every linear layer: any bits are codes.
  private func packAsGPTQ(isOrdered: Bool = true) throws {
    var state: UInt64 = 7
    func words(_ shape: [Int], mask: UInt32 = .max) -> Tensor {
      let numbers = (0..<shape.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int32(bitPattern: UInt32(truncatingIfNeeded: state >> 32) & mask)
      }
      return Tensor(numbers, shape: shape)
    }
    var added: [(name: String, tensor: Tensor)] = []
    try rewriteWeights(of: model) { name, tensor in
      guard name.contains("_proj") else { return tensor }
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      let path = name.dropLast(".weight".count)
      let groups = columns / 32
      let index = (0..<columns).map { Int32(isOrdered ? $0 / 32 : $0 % groups) }
      added += [
        ("\(path).qweight", words([columns / 8, rows])),
        ("\(path).qzeros", words([groups, rows / 8], mask: 0x7777_7777)),
        (
          "\(path).scales",
          Tensor((0..<groups * rows).map { 0.01 + Float($0 % 7) / 512 }, shape: [groups, rows]).cast(to: .f16)
        ),
        ("\(path).g_idx", Tensor(index, shape: [columns])),
      ]
      return nil
    }
    try rewriteWeights(of: model, added: added)
    var config = try #require(try JSON.read(path: "\(model)/config.json").objectValue)
    config["quantization_config"] = ["quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": false]
    try Files.writeAtomically(JSON.object(config).text(), to: "\(model)/config.json")
  }

  private func run(_ arguments: String...) throws -> Mlt.Run { try Mlt.run(arguments) }

  private func logits(_ model: String) throws -> [UInt8] {
    let tokens = try scratch.write("[1, 104, 101, 7, 33, 200, 3, 3, 3, 80, 91, 2]", "tokens.json")
    let out = "\(scratch.path)/logits.safetensors"
    let run = try run("logits", "--model", model, "--tokens", tokens, "--exact", "--out", out)
    #expect(run.status == 0, "\(run.stderr)")
    defer { try? Files.removeTree(out) }
    return try SafetensorsFile(path: out).tensor("logits").withBytes { [UInt8]($0) }
  }

  private func weights(_ folder: String) throws -> [String: [UInt8]] {
    let source = try ShardedWeights(directory: folder)
    var contents: [String: [UInt8]] = [:]
    for entry in source.entries { contents[entry.name] = [UInt8](try source.bytes(entry.name)) }
    return contents
  }

  // MARK: GPTQ

  @Test func `GPTQ becomes MLX's format of the same values`() throws {
    try packAsGPTQ()
    let out = "\(scratch.path)/out"
    let converted = try run("convert", "--model", model, "--out", out, "--json")
    #expect(converted.status == 0, "\(converted.stderr)")
    #expect(try converted.json["expanded"] == [])
    let config = try JSON.read(path: "\(out)/config.json")
    #expect(config["quantization"]?["bits"] == 4 && config["quantization"]?["group_size"] == 32)
    #expect(config["quantization_config"] == config["quantization"])
    #expect(try logits(out) == logits(model))
    #expect(try Manifest.verify(out).ok)
    let inspected = try run("inspect", model, "--json")
    #expect(try inspected.json["quantization"] == ["method": "gptq, 4 bits"])
    let generated = try run("generate", "--model", model, "--prompt", "hello", "--max-tokens", "4", "--quiet")
    #expect(generated.status == 0, "\(generated.stderr)")
  }

  @Test func `what has no grid of MLX becomes floats, and is named`() throws {
    try packAsGPTQ(isOrdered: false)
    let out = "\(scratch.path)/out"
    let converted = try run("convert", "--model", model, "--out", out, "--dtype", "float32")
    #expect(converted.status == 0, "\(converted.stderr)")
    #expect(
      converted.stderr.contains(
        "made floats, since no format of MLX has their grid: model.layers.0.mlp.down_proj"))
    #expect(
      try ShardedWeights(directory: out).entries.contains {
        $0.dtype == .f32 && $0.name.contains("down_proj")
      })
    let floats = "\(scratch.path)/floats"
    let asked = try run("convert", "--model", model, "--out", floats, "--dequantize", "--dtype", "float32")
    #expect(asked.status == 0 && asked.stderr.isEmpty, "\(asked.stderr)")
    let config = try JSON.read(path: "\(floats)/config.json")
    #expect(config["quantization_config"] == nil && config["torch_dtype"] == "float32")
  }

  @Test(arguments: [true, false]) func `adapters are trained on it, and merged into floats`(isOrdered: Bool)
    throws
  {
    try packAsGPTQ(isOrdered: isOrdered)
    let rows = try scratch.write("{\"text\": \"hello there\"}\n{\"text\": \"good bye\"}\n", "rows.jsonl")
    let adapter = "\(scratch.path)/adapter"
    let trained = try run(
      "lora", "--model", model, "--data", rows, "--iters", "2", "--batch-size", "1", "--out", adapter,
      "--quiet")
    #expect(trained.status == 0, "\(trained.stderr)")
    let refused = try run(
      "fuse", "--model", model, "--adapter", adapter, "--out", "\(scratch.path)/fused")
    #expect(
      refused.status == 64 && refused.stderr.contains("packed by another tool (gptq, 4 bits)"),
      "\(refused.stderr)")
    let fused = try run(
      "fuse", "--model", model, "--adapter", adapter, "--out", "\(scratch.path)/fused", "--dequantize")
    #expect(fused.status == 0, "\(fused.stderr)")
    #expect(try ShardedWeights(directory: "\(scratch.path)/fused").entries.allSatisfy { $0.dtype.isFloat })
  }

  @Test func `it can't be quantized again, and lies are refused before anything is written`() throws {
    try packAsGPTQ()
    let again = try run("quantize", "--model", model, "--out", "\(scratch.path)/out")
    #expect(
      again.status == 64 && again.stderr.contains("is quantized already (gptq, 4 bits)"), "\(again.stderr)")
    try rewriteWeights(of: model) { name, tensor in
      name.hasSuffix("o_proj.g_idx") ? Tensor([Int32](repeating: 9, count: 32), shape: [32]) : tensor
    }
    for command in ["convert", "logits"] {
      var arguments = [command, "--model", model, "--out", "\(scratch.path)/out"]
      if command == "logits" { arguments += ["--tokens", try scratch.write("[1]", "t.json")] }
      let lie = try Mlt.run(arguments)
      #expect(lie.status == 65 && lie.stderr.contains("puts column 0 into group 9"), "\(lie.stderr)")
    }
    #expect(try !Files.list(scratch.path).contains { $0 == "out" || $0.contains("partial") })
  }

  // MARK: Small floats

  @Test(arguments: [("mxfp4", 32, 4), ("nvfp4", 16, 4), ("mxfp8", 32, 8)])
  func `quantizes to small floats, runs them, trains on them and merges into them`(
    mode: String, group: Int, bits: Int
  ) throws {
    let out = "\(scratch.path)/out"
    let quantized = try run("quantize", "--model", model, "--mode", mode, "--out", out, "--json")
    #expect(quantized.status == 0, "\(quantized.stderr)")
    let layer = try #require(try quantized.json["layers"]?.arrayValue?.first)
    #expect(
      layer["mode"] == .string(mode) && layer["bits"] == .integer(bits)
        && layer["group_size"] == .integer(group))
    let setting: JSON = ["group_size": .integer(group), "bits": .integer(bits), "mode": .string(mode)]
    #expect(try JSON.read(path: "\(out)/config.json")["quantization"] == setting)
    let floats = "\(scratch.path)/floats"
    #expect(
      try run("convert", "--model", out, "--dequantize", "--dtype", "float32", "--out", floats).status == 0)
    #expect(try logits(floats) == logits(out))
    let rows = try scratch.write("{\"text\": \"hello there\"}\n{\"text\": \"good bye\"}\n", "rows.jsonl")
    let (adapter, fused) = ("\(scratch.path)/adapter", "\(scratch.path)/fused")
    let trained = try run(
      "lora", "--model", out, "--data", rows, "--iters", "2", "--batch-size", "1", "--out", adapter, "--quiet"
    )
    #expect(trained.status == 0, "\(trained.stderr)")
    let merged = try run("fuse", "--model", out, "--adapter", adapter, "--out", fused)
    #expect(merged.status == 0, "\(merged.stderr)")
    #expect(try JSON.read(path: "\(fused)/config.json")["quantization"] == setting)
    #expect(try Set(weights(fused).keys) == Set(weights(out).keys))
  }

  @Test(arguments: [
    (["--mode", "mxfp4", "--bits", "8"], "8 bits are not supported; mxfp4 has 4"),
    (["--mode", "nvfp4", "--group-size", "32"], "groups of 32 are not supported; nvfp4 has 16"),
    (
      ["--mode", "mxfp8", "--recipe", "mixed_2_6"],
      "recipes of mixed precision are about bits of the mode affine"
    ),
    (["--mode", "int4"], "'int4' is invalid for '--mode"),
  ])
  func `what a mode does not have is a usage error`(flags: [String], words: String) throws {
    let run = try Mlt.run(["quantize", "--model", model, "--out", "\(scratch.path)/out"] + flags)
    #expect(run.status == 64 && run.stderr.contains(words), "\(run.stderr)")
  }

  // MARK: Files of a size

  @Test func `weights are split into files of a size, and joined again to the same bytes`() throws {
    let (split, joined) = ("\(scratch.path)/split", "\(scratch.path)/joined")
    let run = try run("convert", "--model", model, "--out", split, "--max-shard-size", "20KB")
    #expect(run.status == 0, "\(run.stderr)")
    let files = try Files.list(split).filter { $0.hasSuffix(".safetensors") }
    #expect(files.count > 2 && files.allSatisfy { $0.hasPrefix("model-0000") })
    let index = try JSON.read(path: "\(split)/model.safetensors.index.json")
    let entries = try ShardedWeights(directory: split).entries
    #expect(index["metadata"]?["total_size"] == .integer(entries.reduce(0) { $0 + $1.byteCount }))
    #expect(index["metadata"]?["total_parameters"] == .integer(entries.reduce(0) { $0 + $1.elementCount }))
    #expect(index["weight_map"]?.objectValue?.keys.count == entries.count)
    for file in files {
      let shard = try SafetensorsFile(path: "\(split)/\(file)").entries
      #expect(shard.count == 1 || shard.reduce(0) { $0 + $1.byteCount } <= 20_000, "\(file)")
    }
    #expect(
      try Mlt.run(["convert", "--model", split, "--out", joined, "--max-shard-size", "1.5GiB"]).status == 0)
    #expect(try Files.list(joined).filter { $0.hasSuffix(".safetensors") } == ["model.safetensors"])
    #expect(try weights(joined) == weights(model))
  }

  @Test(arguments: ["0", "-1GB", "2GBB", "GB", "1e9", "9999999TB", ""])
  func `a size that is none is a usage error`(size: String) throws {
    let run = try run("convert", "--model", model, "--out", "\(scratch.path)/out", "--max-shard-size=\(size)")
    #expect(run.status == 64, "\(run.stderr)")
  }
}
