// GGUF files, read and written.

import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `GGUF files` {
  private func file(_ bytes: [UInt8]) throws -> GGUFFile {
    try GGUFFile(beginning: bytes, path: "model.gguf", size: bytes.count)
  }

  @Test func `values of every type are read`() throws {
    let file = try file(CraftedGGUF.sound)
    #expect(file.header.version == 3)
    #expect(file.header.metadata.count == 15)
    #expect(file.header["general.alignment"] == .integer(64, .uint32))
    #expect(try file.integer("a.1") == 1)
    #expect(try file.integer("a.3") == 0x0101)
    #expect(try file.integer("a.11") == 0x0101_0101_0101_0101)
    #expect(try file.bool("a.bool") == true)
    #expect(try file.string("a.text") == "säge")
    #expect(try file.strings("a.texts") == ["one", ""])
    #expect(try file.integers("a.numbers") == [-1, 0, 7])
    #expect(try file.string("absent") == nil)
  }

  @Test func `a value of another type than wanted is named with its key`() throws {
    let file = try file(CraftedGGUF.sound)
    let complaints: [(() throws(Failure) -> Void, [String])] = [
      ({ () throws(Failure) in _ = try file.integer("a.text") }, ["'a.text'", "an integer", "string"]),
      ({ () throws(Failure) in _ = try file.string("a.numbers") }, ["'a.numbers'", "array of 3 i32"]),
      ({ () throws(Failure) in _ = try file.strings("a.numbers") }, ["an array of strings"]),
      ({ () throws(Failure) in _ = try file.floats("a.nested") }, ["'a.nested'", "array of 1 array"]),
      ({ () throws(Failure) in _ = try file.bool("a.0") }, ["'a.0'", "a boolean", "u8"]),
    ]
    for (read, words) in complaints {
      let failure = #expect(throws: Failure.self) { try read() }
      for word in words { #expect(failure?.message.contains(word) == true, "\(failure?.message ?? "")") }
      #expect(failure?.kind == .badData)
    }
  }

  @Test func `tensors have their dimensions outermost first, and blocks are bytes`() throws {
    let file = try file(CraftedGGUF.sound)
    let tensor = try #require(file.described("blk.0.attn_q.weight"))
    #expect(tensor.shape == [2, 64])
    #expect(tensor.type == .blocks(.q40))
    #expect(
      file.entry("blk.0.attn_q.weight")
        == TensorEntry(name: "blk.0.attn_q.weight", dtype: .u8, shape: [2, 36]))
    #expect(try file.tensor("blk.0.attn_q.weight").withBytes { [UInt8]($0) } == (0..<72).map { UInt8($0) })
    #expect(file.entry("norm") == TensorEntry(name: "norm", dtype: .f32, shape: [3]))
    #expect(try file.bytes("norm").first == 128)
  }

  private static let entries = [
    GGUFEntry(name: "vector", type: .plain(.f32), shape: [3]),
    GGUFEntry(name: "matrix", type: .blocks(.q80), shape: [3, 32]),
    GGUFEntry(name: "half", type: .plain(.bf16), shape: [1, 5]),
  ]

  private static let metadata: [(key: String, value: GGUFField)] = [
    ("general.architecture", .string("llama")), ("n", .uint32(7)), ("m", .int32(-7)), ("f", .float32(0.1)),
    ("b", .bool(true)), ("s", .strings(["ä", ""])), ("fs", .float32s([1, -2])), ("is", .int32s([-3])),
    ("us", .uint8s([255])), ("bs", .bools([true, false])),
  ]

  private func append(_ bytes: [UInt8], to writer: GGUFWriter) throws {
    try bytes.withUnsafeBytes { try writer.append($0) }
  }

  @Test func `what is written is read back`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/model.gguf"
    let writer = try GGUFWriter(path: path, metadata: Self.metadata, entries: Self.entries)
    let contents = Self.entries.enumerated().map { number, entry in
      (0..<entry.byteCount).map { UInt8(truncatingIfNeeded: 11 * $0 + number) }
    }
    for content in contents {
      // In two pieces.
      try append(Array(content.prefix(5)), to: writer)
      try append(Array(content.dropFirst(5)), to: writer)
    }
    try writer.finish()
    let file = try GGUFFile(path: path)
    let fields = try file.fields(prefix: "")
    #expect(fields.map(\.key) == Self.metadata.map(\.key))
    #expect(fields.map(\.value) == Self.metadata.map(\.value))
    for (entry, content) in zip(Self.entries, contents) {
      let tensor = try #require(file.described(entry.name))
      #expect(tensor.type == entry.type)
      #expect(tensor.shape == entry.shape)
      #expect([UInt8](try file.bytes(entry.name)) == content)
    }
    #expect(try Files.size(path) % 32 == 0)
  }

  @Test func `a weight file is recognized by its content`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(CraftedGGUF.sound, "weights.bin")
    let source = try WeightFormat.open(path: path)
    #expect(source.entries.map(\.name) == ["blk.0.attn_q.weight", "norm"])
  }
}
