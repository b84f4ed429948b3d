// Weights larger than what should be held in memory: read where they lie, written in pieces.

import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct PiecewiseTests {
  @Test func `a tensor may come in pieces, between those of others`() throws {
    let scratch = try Scratch()
    let values = (0..<24).map { Float($0) }
    let whole = Tensor(values, shape: [6, 4])
    let entries = ["a", "b"].map { TensorEntry(name: $0, dtype: .f32, shape: [6, 4]) }
    let writer = ModelWriter(directory: scratch.path, entries: entries, maximumShardBytes: 96)
    for row in 0..<3 {
      for name in ["b", "a"] {
        try whole.withBytes {
          try writer.append(name, bytes: UnsafeRawBufferPointer(rebasing: $0[row * 32..<row * 32 + 32]))
        }
      }
    }
    try writer.finish()
    let weights = try ShardedWeights(directory: scratch.path)
    #expect(weights.files.count == 2)
    for name in ["a", "b"] { #expect(try weights.tensor(name).floats() == values) }
  }

  private final class Reader: FileFollower {
    private(set) var files: [GrowingFile] = []

    func follow(_ file: GrowingFile) { files.append(file) }
  }

  @Test func `written in the order of the files, each grows from its beginning`() throws {
    let scratch = try Scratch()
    let reader = Reader()
    let types: [(name: String, dtype: DType)] = [
      ("d", .bf16), ("c", .f32), ("b", .bf16), ("a", .f32), ("e", .bf16), ("f", .f32),
    ]
    let entries = types.map { TensorEntry(name: $0.name, dtype: $0.dtype, shape: [64]) }
    let writer = ModelWriter(
      directory: scratch.path, entries: entries, maximumShardBytes: 800, follower: reader)
    let ordered = writer.inFileOrder(entries, \.name)
    #expect(ordered.map(\.name) == ["a", "c", "b", "d", "f", "e"])
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    defer { buffer.deallocate() }
    for entry in ordered {
      try writer.append(entry.name, Tensor.zeros([64]).cast(to: entry.dtype))
      // The header comes with the first tensor; what was written is there to be read, so this does not wait.
      #expect(try #require(reader.files.last).read(into: buffer) >= entry.byteCount)
    }
    try writer.finish()
    #expect(reader.files.count == 2)
    for file in reader.files { #expect(try file.read(into: buffer) == 0) }
  }

  @Test func `bytes are those of the file at any alignment, also after they were let go of`() throws {
    let scratch = try Scratch()
    // A header of 57 bytes, as a writer that does not pad would leave it: the values lie at an odd address.
    let header = #"{"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}  "#
    let path = try scratch.write(
      [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + header.utf8 + [1, 2, 3, 4, 5, 6], "m")
    let file = try SafetensorsFile(path: path)
    #expect(try Array(file.bytes("a")) == [1, 2, 3, 4, 5, 6])
    file.forget("a")
    #expect(try Array(file.bytes("a")) == [1, 2, 3, 4, 5, 6])
    #expect(throws: Failure.badData(path, "has no tensor 'b'")) { try file.bytes("b") }
  }
}
