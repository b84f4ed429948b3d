// Digests that are taken while weights are written are those of the files.

import Registry
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct OutputDigestsTests {
  private let scratch: Scratch
  private let digests = OutputDigests()
  private let tensors: [(name: String, tensor: Tensor)] = [
    ("b", Tensor((0..<300_000).map { Float($0) }, shape: [300, 1000])),
    ("none", .zeros([0, 4])), ("a", Tensor([1.0, 2, 3], shape: [3]).cast(to: .bf16)),
    ("c", Tensor([4.0, 5], shape: [2])),
  ]

  init() throws { scratch = try Scratch() }

  private func writer(maximumShardBytes: Int) -> ModelWriter {
    ModelWriter(
      directory: scratch.path,
      entries: tensors.map { TensorEntry(name: $0.name, dtype: $0.tensor.dtype, shape: $0.tensor.shape) },
      maximumShardBytes: maximumShardBytes, follower: digests)
  }

  @Test(arguments: [
    (1 << 30, [0, 1, 2, 3]), (1 << 30, [3, 2, 1, 0]), (8, [1, 0, 2, 3]), (8, [3, 0, 2, 1]),
  ])
  func `in one file and in shards, in any order`(maximumShardBytes: Int, order: [Int]) throws {
    let writer = writer(maximumShardBytes: maximumShardBytes)
    for index in order { try writer.append(tensors[index].name, tensors[index].tensor) }
    try writer.finish()
    let weights = try Digest.tree(scratch.path).files.filter { $0.path.text.hasSuffix(".safetensors") }
    #expect(weights.count == (maximumShardBytes == 8 ? 3 : 1))
    #expect(try digests.files(below: scratch.path).sorted { $0.path < $1.path } == weights)
  }

  @Test func `a model that is not written to its end has none, and nobody waits for them`() throws {
    var writer: ModelWriter? = writer(maximumShardBytes: 1 << 30)
    try writer?.append("b", tensors[0].tensor)
    writer = nil
    #expect(throws: Failure(.io, "\(scratch.path)/model.safetensors: was not written to its end")) {
      try digests.files(below: scratch.path)
    }
  }

  @Test func `a manifest takes them over, but hashes a file whose size has changed since`() throws {
    let writer = writer(maximumShardBytes: 8)
    for (name, tensor) in tensors { try writer.append(name, tensor) }
    try writer.finish()
    try scratch.write("cut", "model-00002-of-00003.safetensors")
    let provenance = Provenance(command: "test", arguments: [:], inputs: [], instructionSet: "any")
    try Manifest.seal(scratch.path, provenance, digests: digests)
    #expect(try digests.files(below: scratch.path).count == 2)
    #expect(try Manifest.verify(scratch.path).ok)
  }
}
