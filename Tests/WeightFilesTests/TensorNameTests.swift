// Names that look alike: every other program compares bytes.

import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct TensorNameTests {
  /// Equal as Swift's strings, two names in a file.
  private let names = ["caf\u{e9}", "cafe\u{301}"]

  @Test func `names of the same letters in other bytes are two tensors`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/model.safetensors"
    try SafetensorsWriter.write(path: path, tensors: [(names[0], Tensor([1])), (names[1], Tensor([2, 3]))])
    let file = try SafetensorsFile(path: path)
    #expect(file.entries.map { Array($0.name.utf8) } == [names[1], names[0]].map { Array($0.utf8) })
    #expect(try file.tensor(names[0]).floats() == [1])
    #expect(try file.tensor(names[1]).floats() == [2, 3])
    let composed = try Scratch()
    try SafetensorsWriter.write(path: composed.path + "/a.safetensors", tensors: [(names[0], Tensor([1]))])
    #expect(try SafetensorsFile(path: composed.path + "/a.safetensors").entry(names[1]) == nil)
  }

  @Test func `such names can lie in two shards`() throws {
    let scratch = try Scratch()
    let entries = names.map { TensorEntry(name: $0, dtype: .f32, shape: [2]) }
    let writer = ModelWriter(directory: scratch.path, entries: entries, maximumShardBytes: 8)
    try writer.append(names[0], Tensor([1, 2]))
    try writer.append(names[1], Tensor([3, 4]))
    try writer.finish()
    let weights = try ShardedWeights(directory: scratch.path)
    #expect(weights.files.count == 2)
    #expect(try weights.tensor(names[0]).floats() == [1, 2])
    #expect(try weights.tensor(names[1]).floats() == [3, 4])
  }
}
