// GGUF files whose header is sound and whose content makes no model: refused in a sentence that names the key or the tensor.

import Foundation
import Models
import Quantization
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `Hostile models in GGUF files` {
  private let scratch: Scratch
  private let fields: [(key: String, value: GGUFField)]
  private let entries: [GGUFEntry]
  private let data: [UInt8]

  init() throws {
    scratch = try Scratch()
    let path = scratch.path + "/sound.gguf"
    _ = try GGUFExport(ModelDirectory(path: QuantizationGoldens.base), mix: .q80, vocabulary: [])
      .write(to: path, durably: false)
    let file = try GGUFFile(path: path)
    fields = try file.fields(prefix: "")
    entries = file.header.tensors.map { GGUFEntry(name: $0.name, type: $0.type, shape: $0.shape) }
    let start = file.header.tensors.map(\.range.lowerBound).min() ?? 0
    data = Array(try Files.read(path: path)[start...])
  }

  /// What opening such a file complains about, nil when it is opened.
  private func complaint(_ fields: [(key: String, value: GGUFField)], _ entries: [GGUFEntry]? = nil) throws
    -> Failure?
  {
    let path = scratch.path + "/model.gguf"
    let bytes = GGUFWriter.header(metadata: fields, entries: entries ?? self.entries).bytes + data
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do throws(Failure) {
      _ = try ModelDirectory(path: path).storedParameters()
      return nil
    } catch { return error }
  }

  @Test func `the sound file is opened`() throws { #expect(try complaint(fields) == nil) }

  @Test func `a key of a wrong type is refused by name`() throws {
    for (place, field) in fields.enumerated()
    where field.key.hasPrefix("qwen2.") && field.key != "qwen2.vocab_size" {
      for value in [GGUFField.string("many"), .strings(["a"]), .bool(true)] {
        var changed = fields
        changed[place].value = value
        let failure = try #require(try complaint(changed), "\(field.key) as \(value)")
        #expect(failure.kind == .badData)
        #expect(failure.message.contains(field.key), "\(failure)")
      }
    }
  }

  @Test func `no number makes a crash`() throws {
    let values: [GGUFField] = [
      .uint32(0), .uint32(1), .uint32(3), .uint32(Int(UInt32.max)), .int32(-1), .int32(.min), .float32(0),
      .float32(-1),
      .float32(.nan), .float32(.infinity), .float32(.leastNonzeroMagnitude), .int32s([]), .int32s([1, 2]),
    ]
    for (place, field) in fields.enumerated() where field.key.hasPrefix("qwen2.") {
      for value in values {
        var changed = fields
        changed[place].value = value
        if let failure = try complaint(changed) {
          #expect(failure.kind == .badData, "\(field.key) as \(value): \(failure)")
        }
      }
    }
  }

  @Test func `a missing key or tensor is named`() throws {
    for key in [
      "general.architecture", "qwen2.block_count", "qwen2.embedding_length", "qwen2.context_length",
    ] {
      let failure = try #require(try complaint(fields.filter { $0.key != key }))
      #expect(failure.message.contains(key) && failure.message.contains("missing"))
    }
    let renamed = entries.map { entry in
      GGUFEntry(
        name: entry.name == "blk.1.attn_k.weight" ? "other" : entry.name, type: entry.type, shape: entry.shape
      )
    }
    #expect(try complaint(fields, renamed)?.message.contains("layers.1.self_attn.k_proj") == true)
  }

  @Test func `what is not known is refused by name`() throws {
    var unknown = fields
    unknown[0] = ("general.architecture", .string("mamba"))
    #expect(try complaint(unknown)?.message.contains("'mamba' is not supported; known: llama") == true)
    let added: [(key: String, value: GGUFField)] = [
      ("qwen2.attention.alibi_bias", .float32(8)), ("qwen2.rope.scaling.type", .string("spiral")),
      ("qwen2.attention.causal", .bool(false)), ("qwen2.rope.dimension_count", .uint32(8)),
    ]
    for field in added {
      let failure = try #require(
        try complaint(fields.filter { $0.key != field.key } + [field]), "\(field.key)")
      #expect(failure.kind == .badData && failure.message.contains(field.key), "\(failure)")
    }
  }

  @Test func `a tensor of another shape is named`() throws {
    let turned = entries.map { entry in
      GGUFEntry(
        name: entry.name, type: entry.type,
        shape: entry.name == "blk.0.ffn_up.weight" ? entry.shape.reversed() : entry.shape)
    }
    let failure = try #require(try complaint(fields, turned))
    #expect(failure.message.contains("'blk.0.ffn_up.weight'") && failure.message.contains("shape"))
  }
}
