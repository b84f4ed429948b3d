// Model folders: one file, or shards with an index that may lie.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct ShardedWeightsTests {
  private static let shardA = Crafted.safetensors("{\(Crafted.tensor("a", "U8", "[1]", 0...1))}", data: [1])
  private static let shardB = Crafted.safetensors("{\(Crafted.tensor("b", "U8", "[1]", 0...1))}", data: [2])

  /// A folder with two shards and this weight map.
  private func folder(_ map: String) throws -> Scratch {
    let scratch = try Scratch()
    try scratch.write(Self.shardA, "one.safetensors")
    try scratch.write(Self.shardB, "two.safetensors")
    try scratch.write("{\"weight_map\":\(map)}", "model.safetensors.index.json")
    return scratch
  }

  private func complaint(_ scratch: Scratch) throws -> Failure {
    try #require(#expect(throws: Failure.self) { try ShardedWeights(directory: scratch.path) })
  }

  @Test func `shards read as one source`() throws {
    let scratch = try folder("{\"b\":\"two.safetensors\",\"a\":\"one.safetensors\"}")
    let weights = try WeightFormat.open(path: scratch.path)
    #expect(weights.entries.map(\.name) == ["a", "b"])
    #expect(try weights.tensor("b").withBytes { [UInt8]($0) } == [2])
  }

  @Test func `a folder without weights is not found`() throws {
    let failure = try complaint(Scratch())
    #expect(failure.kind == .notFound)
    #expect(failure.message.contains("neither model.safetensors nor model.safetensors.index.json"))
  }

  static let hostileNames = [
    "../one.safetensors", "/one.safetensors", "/etc/passwd", "..", "", ".", "sub/one.safetensors",
    "..\\\\one.safetensors", "one.safetensors\\u0000", "/dev/stdin", "model.safetensors.index.json",
    ".hidden.safetensors",
  ]

  @Test(arguments: hostileNames)
  func `a shard name that is not a plain file name is refused`(_ name: String) throws {
    let failure = try complaint(folder("{\"a\":\"\(name)\"}"))
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("model.safetensors.index.json: weight_map names the shard"))
    #expect(failure.message.contains("expected the plain name"))
  }

  @Test(arguments: ["three.safetensors", "%2e%2e%2fone.safetensors"])
  func `a shard that is missing is named`(_ name: String) throws {
    let failure = try complaint(folder("{\"a\":\"one.safetensors\",\"c\":\"\(name)\"}"))
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("'\(name)', which is not in the folder"))
  }

  @Test func `a shard that links out of the folder is refused`() throws {
    let outside = try Scratch()
    let target = try outside.write(Self.shardA, "one.safetensors")
    let scratch = try folder("{\"a\":\"link.safetensors\"}")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/link.safetensors", withDestinationPath: target)
    #expect(try complaint(scratch).message.contains("leads out of the folder"))
  }

  @Test func `links inside the folder and into a hub cache's blobs are followed`() throws {
    let cache = try Scratch()
    try cache.write(Self.shardA, "blobs/0a1b")
    let snapshot = cache.path + "/snapshots/main"
    try cache.write(
      "{\"weight_map\":{\"a\":\"one.safetensors\"}}", "snapshots/main/model.safetensors.index.json")
    try FileManager.default.createSymbolicLink(
      atPath: snapshot + "/one.safetensors", withDestinationPath: "../../blobs/0a1b")
    #expect(try ShardedWeights(directory: snapshot).entries.map(\.name) == ["a"])

    let scratch = try folder("{\"a\":\"link.safetensors\"}")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/link.safetensors", withDestinationPath: "one.safetensors")
    #expect(try ShardedWeights(directory: scratch.path).entries.map(\.name) == ["a"])
  }

  @Test func `a tensor in two shards is refused`() throws {
    let scratch = try folder("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}")
    try scratch.write(Self.shardA, "two.safetensors")
    #expect(
      try complaint(scratch).message.contains("'a' is in two shards, one.safetensors and two.safetensors"))
  }

  @Test func `a tensor that is not in its shard is refused`() throws {
    let wrong = try complaint(folder("{\"a\":\"two.safetensors\",\"b\":\"one.safetensors\"}"))
    #expect(wrong.message.contains("'a' is in two.safetensors, but it is in one.safetensors"))
    let none = try complaint(folder("{\"a\":\"one.safetensors\",\"c\":\"two.safetensors\"}"))
    #expect(none.message.contains("'c' is in two.safetensors, which does not have it"))
  }

  @Test(arguments: ["[]", "{\"a\":1}", "{\"a\":[\"one.safetensors\"]}", "{}", "{\"a\":\"x\",\"a\":\"y\"}"])
  func `a weight map of the wrong form is refused`(_ map: String) throws {
    let failure = try complaint(folder(map))
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("model.safetensors.index.json"))
  }

  @Test func `a model is cut into shards of bounded size with an index`() throws {
    let scratch = try Scratch()
    let tensors = ["c", "a", "b"].map { ($0, Tensor([1.0, 2], shape: [2])) }
    let entries = tensors.map { TensorEntry(name: $0.0, dtype: .f32, shape: [2]) }
    let writer = ModelWriter(
      directory: scratch.path, entries: entries, totalParameters: 99, metadata: ["format": "mlx"],
      maximumShardBytes: 16)
    for (name, tensor) in tensors.reversed() { try writer.append(name, tensor) }
    try writer.finish()
    let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    #expect(try Files.list(scratch.path) == shards + ["model.safetensors.index.json"])
    let index = try Files.readText(path: scratch.path + "/model.safetensors.index.json")
    #expect(
      index == """
        {
            "metadata": {
                "total_size": 24,
                "total_parameters": 99
            },
            "weight_map": {
                "a": "model-00001-of-00002.safetensors",
                "b": "model-00002-of-00002.safetensors",
                "c": "model-00001-of-00002.safetensors"
            }
        }
        """)
    let weights = try ShardedWeights(directory: scratch.path)
    #expect(weights.entries.map(\.name) == ["a", "b", "c"])
    #expect(weights.metadata == ["format": "mlx"])
    #expect(weights.files == shards.map { "\(scratch.path)/\($0)" })
  }

  @Test func `one file has an index only when that is asked for`() throws {
    for index in [ModelWriter.Index.whenSharded, .always] {
      let scratch = try Scratch()
      let writer = ModelWriter(
        directory: scratch.path, entries: [TensorEntry(name: "a", dtype: .f32, shape: [1])], index: index)
      try writer.append("a", Tensor([1.0], shape: [1]))
      try writer.finish()
      let extra = index == .always ? ["model.safetensors.index.json"] : []
      #expect(try Files.list(scratch.path) == ["model.safetensors"] + extra)
      #expect(try ShardedWeights(directory: scratch.path).entries.count == 1)
    }
  }

  @Test(.enabled(if: Shared.has("goldens"), "needs the shared goldens"))
  func `the sharded golden models open`() throws {
    for (name, files) in [("llama-tied-bias", 3), ("mistral-swa", 4), ("mixtral", 3)] {
      let weights = try ShardedWeights(directory: Shared.file("goldens/models/\(name)"))
      #expect(weights.files.count >= files)
      for entry in weights.entries { #expect(try weights.tensor(entry.name).shape == entry.shape) }
    }
  }
}
