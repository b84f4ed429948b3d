// Files as honest programs write them: read, written, and written again to the same bytes.

import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct SafetensorsTests {
  private func content(_ source: any WeightSource) throws -> [String: [UInt8]] {
    var content: [String: [UInt8]] = [:]
    for entry in source.entries {
      content[entry.name] = try source.tensor(entry.name).withBytes { [UInt8]($0) }
    }
    return content
  }

  @Test func `entries are sorted by name and carry type and shape`() throws {
    let scratch = try Scratch()
    let header =
      "{\(Crafted.tensor("b", "I64", "[]", 0...8)),\(Crafted.tensor("B", "BF16", "[1,2]", 8...12)),"
      + "\(Crafted.tensor("a", "U8", "[0,5]", 12...12))}  "
    let path = try scratch.write(Crafted.safetensors(header, data: [UInt8](0..<12)), "x.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(
      file.entries == [
        TensorEntry(name: "B", dtype: .bf16, shape: [1, 2]),
        TensorEntry(name: "a", dtype: .u8, shape: [0, 5]),
        TensorEntry(name: "b", dtype: .i64, shape: []),
      ])
    #expect(file.entry("b")?.byteCount == 8)
    #expect(file.entry("c") == nil)
    #expect(file.metadata.isEmpty)
    #expect(try content(file) == ["B": [8, 9, 10, 11], "a": [], "b": [0, 1, 2, 3, 4, 5, 6, 7]])
    let failure = #expect(throws: Failure.self) { try file.tensor("c") }
    #expect(failure?.message == "\(path): has no tensor 'c'")
  }

  @Test func `metadata may be null and may hold escapes`() throws {
    let scratch = try Scratch()
    let none = try scratch.write(Crafted.safetensors("{\"__metadata__\":null}"), "none.safetensors")
    #expect(try SafetensorsFile(path: none).metadata.isEmpty)
    let some = try scratch.write(
      Crafted.safetensors("{\"__metadata__\":{\"k\":\"a\\nb \\u00e9\"}}"), "some.safetensors")
    #expect(try SafetensorsFile(path: some).metadata == ["k": "a\nb é"])
  }

  @Test func `a tensor at an odd address is read correctly`() throws {
    let scratch = try Scratch()
    var data: [UInt8] = [9]
    for value: Float in [1.5, -2.25] { withUnsafeBytes(of: value) { data += [UInt8]($0) } }
    for padding in 0..<8 {
      let header =
        "{\(Crafted.tensor("a", "U8", "[1]", 0...1)),\(Crafted.tensor("b", "F32", "[2]", 1...9))}"
        + String(repeating: " ", count: padding)
      let path = try scratch.write(Crafted.safetensors(header, data: data), "odd.safetensors")
      #expect(try SafetensorsFile(path: path).tensor("b").floats() == [1.5, -2.25])
    }
  }

  @Test func `the mapped bytes outlive the file object and its name`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/a.safetensors"
    try SafetensorsWriter.write(path: path, tensors: [("a", Tensor([1.0, 2, 3], shape: [3]))])
    let tensor = try SafetensorsFile(path: path).tensor("a")
    try Files.removeTree(path)
    #expect(tensor.floats() == [1, 2, 3])
  }

  @Test func `a written file is canonical: wide types first, then names, padded to eight bytes`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/a.safetensors"
    let entries = [
      TensorEntry(name: "z", dtype: .u8, shape: [3]), TensorEntry(name: "b\"", dtype: .f32, shape: [1]),
      TensorEntry(name: "a", dtype: .f32, shape: [0, 2]),
    ]
    let writer = try SafetensorsWriter(path: path, entries: entries, metadata: ["y": "1", "x": "ü\n"])
    try [UInt8]([7, 8]).withUnsafeBytes { try writer.append("z", bytes: $0) }
    try [UInt8]([1, 2, 3, 4]).withUnsafeBytes { try writer.append("b\"", bytes: $0) }
    try [UInt8]([9]).withUnsafeBytes { try writer.append("z", bytes: $0) }
    #expect(!Files.exists(path))
    try writer.finish()
    let header =
      "{\"__metadata__\":{\"y\":\"1\",\"x\":\"ü\\n\"},"
      + "\"a\":{\"dtype\":\"F32\",\"shape\":[0,2],\"data_offsets\":[0,0]},"
      + "\"b\\\"\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
      + "\"z\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[4,7]}}"
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(try Files.read(path: path) == Crafted.safetensors(header + padding, data: [1, 2, 3, 4, 7, 8, 9]))
  }

  @Test func `a writer that is given up leaves nothing`() throws {
    let scratch = try Scratch()
    do {
      let writer = try SafetensorsWriter(
        path: scratch.path + "/a.safetensors", entries: [TensorEntry(name: "a", dtype: .f32, shape: [1])])
      _ = writer
    }
    #expect(try Files.list(scratch.path).isEmpty)
  }

  @Test(arguments: ["/dev/null", "/tmp"])
  func `a device or a folder is never replaced`(_ path: String) throws {
    let failure = #expect(throws: Failure.self) { try SafetensorsWriter(path: path, entries: []) }
    #expect(failure?.message == "\(path) is not a file that can be replaced; give another name")
  }

  @Test func `a folder that is not there is a clear failure`() throws {
    let failure = #expect(throws: Failure.self) {
      try SafetensorsWriter(path: "/nowhere/a.safetensors", entries: [])
    }
    #expect(failure?.kind == .notFound)
  }

  @Test func `every element type survives a round trip`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/all.safetensors"
    let entries = DType.allCases.map { TensorEntry(name: "t.\($0.rawValue)", dtype: $0, shape: [4, 1]) }
    let writer = try SafetensorsWriter(path: path, entries: entries)
    for (number, entry) in entries.enumerated() {
      let bytes = (0..<entry.byteCount).map { UInt8(truncatingIfNeeded: $0 * 37 + number) }
      try bytes.withUnsafeBytes { try writer.append(entry.name, bytes: $0) }
    }
    try writer.finish()
    let file = try SafetensorsFile(path: path)
    #expect(file.entries == entries.sorted { $0.name < $1.name })
    for (number, entry) in entries.enumerated() {
      let expected = (0..<entry.byteCount).map { UInt8(truncatingIfNeeded: $0 * 37 + number) }
      #expect(try file.tensor(entry.name).withBytes { [UInt8]($0) } == expected)
    }
  }

  /// The reference's files, written by safetensors 0.8.0.
  static let referenceFiles = [
    "models/llama-rope3-gqa/model.safetensors", "models/gpt-neox/model.safetensors",
    "models/gpt-oss-mxfp4/model.safetensors", "models/llama-rope3-gqa/golden.safetensors",
    "lora/tiny-llama-lora/final/adapter_model.safetensors", "perplexity/tiny-llama.safetensors",
  ]

  @Test func `metadata keeps its order and its names`() throws {
    let scratch = try Scratch()
    let bytes = Crafted.safetensors(
      "{\"__metadata__\":{\"z\":\"1\",\"\u{e9}\":\"2\",\"e\u{301}\":\"3\",\"a\":\"4\"}}")
    let path = try scratch.write(bytes, "one.safetensors")
    var metadata = try SafetensorsFile(path: path).metadata
    #expect(metadata.map(\.value) == ["1", "2", "3", "4"])
    metadata["\u{e9}"] = nil
    metadata["z"] = "5"
    metadata["new"] = "6"
    #expect(metadata.map(\.value) == ["5", "3", "4", "6"])
    #expect(metadata["e\u{301}"] == "3" && metadata["\u{e9}"] == nil)
  }

  @Test(.enabled(if: Shared.has("goldens"), "needs the shared goldens"), arguments: referenceFiles)
  func `rewriting a file of the reference gives the same bytes`(_ name: String) throws {
    let path = Shared.file("goldens/\(name)")
    let file = try SafetensorsFile(path: path)
    let scratch = try Scratch()
    let copy = scratch.path + "/copy.safetensors"
    let writer = try SafetensorsWriter(
      path: copy, entries: file.entries, metadata: file.metadata.isEmpty ? nil : file.metadata)
    for entry in file.entries { try writer.append(entry.name, tensor: file.tensor(entry.name)) }
    try writer.finish()
    #expect(try Files.read(path: copy) == Files.read(path: path))
  }

  @Test(.enabled(if: Shared.has("goldens"), "needs the shared goldens"))
  func `files of MLX keep their tensors through a rewrite`() throws {
    for name in ["tiny-llama-q4-g64/model", "tiny-llama-adapters-lora-bf16/adapters"] {
      let file = try SafetensorsFile(path: Shared.file("goldens/mlx/\(name).safetensors"))
      let scratch = try Scratch()
      let tensors = try file.entries.map { ($0.name, try file.tensor($0.name)) }
      try SafetensorsWriter.write(path: scratch.path + "/copy", tensors: tensors, metadata: file.metadata)
      let copy = try SafetensorsFile(path: scratch.path + "/copy")
      #expect(copy.entries == file.entries)
      #expect(copy.metadata == file.metadata)
      #expect(try content(copy) == content(file))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a header of a hundred thousand tensors is read in one pass`() throws {
    let count = 100_000
    let members = (0..<count).map { Crafted.tensor("model.layers.\($0).weight", "U8", "[1]", $0...$0 + 1) }
    let scratch = try Scratch()
    let bytes = Crafted.safetensors(
      "{\(members.joined(separator: ","))}", data: [UInt8](repeating: 3, count: count))
    let path = try scratch.write(bytes, "many.safetensors")
    #expect(try SafetensorsFile(path: path).entries.count == count)
  }

  @Test func `a weight file is known by its content, whatever its name`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(Crafted.safetensors("{}"), "weights.bin")
    #expect(try WeightFormat.open(path: path).entries.isEmpty)
    let other = try scratch.write("something else altogether", "weights.dat")
    let failure = #expect(throws: Failure.self) { try WeightFormat.open(path: other) }
    #expect(failure?.message.hasPrefix("\(other): is not a weight file of a known format (") == true)
  }
}
