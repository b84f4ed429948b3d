// HDF5 files: what mlt writes, what h5py and Keras write, and what no weight file may be. The files are made by
// scripts/goldens/make_hdf5_goldens.py, with 0, 1, 2 … in every data set.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct HDF5Tests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private static let goldens = Bundle.module.resourcePath.map { "\($0)/Goldens/hdf5" } ?? ""

  private func golden(_ name: String) throws -> HDF5File { try HDF5File(path: "\(Self.goldens)/\(name).h5") }

  /// A model folder with `model.h5`.
  private func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: WeightMetadata = [:]
  ) throws -> HDF5File {
    let entries = tensors.map { TensorEntry(name: $0.name, dtype: $0.tensor.dtype, shape: $0.tensor.shape) }
    let writer = ModelWriter(directory: scratch.path, entries: entries, format: .hdf5, metadata: metadata)
    for (name, tensor) in writer.inFileOrder(tensors, \.name) { try writer.append(name, tensor) }
    try writer.finish()
    return try HDF5File(path: "\(scratch.path)/model.h5")
  }

  private static func counted(_ shape: [Int], _ dtype: DType) -> Tensor {
    let tensor = Tensor.uninitialized(shape, dtype: dtype)
    tensor.withMutableBytes { bytes in
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 37 &+ 1) }
    }
    return tensor
  }

  // MARK: Writing and reading back

  @Test func `every type keeps its bits, shapes and names stay, metadata keeps its order`() throws {
    var tensors = DType.allCases.map { (name: "\($0)", tensor: Self.counted([3, 8], $0)) }
    tensors += [
      ("scalar", Self.counted([], .bf16)), ("empty", Self.counted([0, 4], .f32)),
      ("model.layers.0/with/slashes", Self.counted([5], .f8e4m3)),
      ("é and 'quotes\"", Self.counted([1], .u8)),
      ("eight", Self.counted([1, 2, 1, 2, 1, 2, 1, 2], .f16)),
    ]
    let metadata: WeightMetadata = ["z": "1", "format": "pt", "a": "Größe", "empty": ""]
    let file = try write(tensors, metadata: metadata)
    #expect(file.entries.count == tensors.count)
    for (name, tensor) in tensors {
      let entry = try #require(file.entry(name))
      #expect(entry.dtype == tensor.dtype && entry.shape == tensor.shape, "\(name)")
      let expected = tensor.withBytes { [UInt8]($0) }
      #expect(try [UInt8](file.bytes(name)) == expected, "\(name)")
      #expect(try file.tensor(name).withBytes { [UInt8]($0) } == expected, "\(name)")
    }
    #expect(file.metadata == metadata)
    #expect(try WeightFormat.open(path: scratch.path).entries == file.entries)
  }

  @Test func `the same tensors give the same bytes`() throws {
    let tensors = [
      (name: "b", tensor: Self.counted([40], .f32)), (name: "a/c", tensor: Self.counted([3], .bf16)),
    ]
    _ = try write(tensors, metadata: ["format": "pt"])
    let first = try Files.read(path: "\(scratch.path)/model.h5")
    _ = try write(tensors.reversed(), metadata: ["format": "pt"])
    #expect(try Files.read(path: "\(scratch.path)/model.h5") == first)
  }

  @Test func `a file without tensors is one`() throws {
    let file = try write([])
    #expect(file.entries.isEmpty && file.metadata.isEmpty)
  }

  @Test(arguments: [["a//b"], ["/a"], ["a/"], ["."], ["a/./b"], [""], ["a", "a/b"], ["a/b/c", "a/b"]])
  func `a name that HDF5 can't hold is refused, and no file stays`(_ names: [String]) throws {
    let failure = #expect(throws: Failure.self) {
      try write(names.map { ($0, Self.counted([1], .f32)) })
    }
    #expect(failure?.kind == .badData)
    #expect(try Files.list(scratch.path).isEmpty)
  }

  @Test func `a tensor may come in pieces, between those of others`() throws {
    let entries = ["a", "b"].map { TensorEntry(name: $0, dtype: .u8, shape: [4]) }
    let writer = ModelWriter(directory: scratch.path, entries: entries, format: .hdf5)
    for (name, piece) in [("b", [1, 2]), ("a", [3, 4]), ("b", [5, 6]), ("a", [7, 8])] as [(String, [UInt8])] {
      try piece.withUnsafeBytes { try writer.append(name, bytes: $0) }
    }
    try writer.finish()
    let file = try HDF5File(path: "\(scratch.path)/model.h5")
    #expect(try [UInt8](file.bytes("a")) == [3, 4, 7, 8])
    #expect(try [UInt8](file.bytes("b")) == [1, 2, 5, 6])
  }

  // MARK: Files of others

  @Test func `variables of Keras 3 are tensors under their paths`() throws {
    let file = try golden("keras3")
    #expect(
      file.entries.map { "\($0.name) \($0.dtype) \($0.shape)" } == [
        "layers/dense/vars/0 f32 [2, 3]", "layers/dense/vars/1 f32 [3]",
        "layers/dense_1/more/vars/0 bf16 [2, 2]",
        "layers/dense_1/vars/0 f16 [3, 2]", "optimizer/vars/0 i64 []",
      ])
    #expect(try file.tensor("layers/dense/vars/0").floats() == [0, 1, 2, 3, 4, 5])
    #expect(try file.tensor("layers/dense_1/vars/0").cast(to: .f32).floats() == [0, 1, 2, 3, 4, 5])
    #expect(try file.tensor("layers/dense_1/more/vars/0").cast(to: .f32).floats() == [0, 1, 2, 3])
    #expect(try [UInt8](file.bytes("optimizer/vars/0")) == [7, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func `weights of Keras 2 are tensors under layer and weight name`() throws {
    let file = try golden("keras2")
    #expect(file.entries.map(\.name) == ["dense/dense/bias:0", "dense/dense/kernel:0"])
    #expect(try file.tensor("dense/dense/kernel:0").floats() == [0, 1, 2, 3, 4, 5])
    #expect(file.metadata == ["backend": "tensorflow", "keras_version": "2.15.0"])
  }

  @Test func `compressed, compact and big-endian values are expanded, also after they were forgotten`() throws
  {
    let file = try golden("kinds")
    func floats(_ count: Int) -> [Float] { (0..<count).map { Float($0) } }
    for _ in 0..<2 {
      #expect(try file.tensor("gzip").floats() == floats(280))
      #expect(
        try file.tensor("chunks").withBytes { [Int16]($0.bindMemory(to: Int16.self)) } == (0..<25).map { $0 })
      #expect(try file.tensor("big-endian").floats() == floats(4))
      #expect(
        try file.tensor("big-endian integers").withBytes { [Int64]($0.bindMemory(to: Int64.self)) } == [
          0, 1, 2, 3,
        ])
      #expect(try [UInt8](file.bytes("compact")) == [0, 1, 2])
      for entry in file.entries { file.forget(entry.name) }
    }
    #expect(file.entry("bool")?.dtype == .bool)
    #expect(try [UInt8](file.bytes("bool")) == [0, 1, 1])
    #expect(file.entry("scalar")?.shape == [])
    #expect(file.entry("empty")?.shape == [0, 4])
    #expect(file.metadata == ["text": "Größe"])
  }

  @Test(arguments: ["new-form", "user-block"])
  func `other forms of the file are read`(_ name: String) throws {
    let file = try golden(name)
    #expect(try file.tensor("a").withBytes { [UInt16]($0.bindMemory(to: UInt16.self)) } == [0, 1, 2])
  }

  // MARK: What is refused

  @Test(arguments: [
    ("soft-link", "'b' is a soft link"), ("soft-link-cycle", "is a soft link"),
    ("external-link", "'a' is a link to another file"), ("external-storage", "has its values in other files"),
    ("virtual", "data set 'a' is virtual"), ("two-names", "has more than one name"),
    ("group-cycle", "has more than one name"), ("never-written", "were never written"),
    ("missing-pieces", "should have 1048576 pieces, the file has 0"),
    ("text", "holds neither integers nor floats"),
    ("compound", "holds neither integers nor floats"), ("other-filter", "only gzip is read"),
    ("unknown-dtype", "unknown dtype 'F17'"),
    ("wrong-dtype", "says that it is F8_E4M3, but is stored as u16"),
    ("bytes-without-dtype", "no attribute 'dtype'"), ("nine-dimensions", "has 9 dimensions"),
    ("deep", "deeper than 32"), ("datatype", "neither a group nor a data set"),
  ])
  func `a file that leads elsewhere or holds no tensors is refused in one sentence`(
    name: String, words: String
  ) throws {
    let failure = #expect(throws: Failure.self) { try golden(name) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    #expect(failure?.message.contains("\(name).h5") == true)
    #expect(failure?.message.contains("\n") == false)
  }

  /// Opens bytes as a file and reads all of it; what it complains about.
  private func complaint(_ bytes: [UInt8]) throws -> Failure? {
    let path = scratch.path + "/damaged.h5"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do throws(Failure) {
      let file = try HDF5File(path: path)
      for entry in file.entries { _ = try file.bytes(entry.name).reduce(0) { $0 &+ Int($1) } }
      return nil
    } catch { return error }
  }

  @Test(arguments: ["new-form", "keras2"])
  func `a file that is cut anywhere is refused`(_ name: String) throws {
    let whole = try Files.read(path: "\(Self.goldens)/\(name).h5")
    #expect(try complaint(whole) == nil)
    for length in Array(0..<128) + Array(stride(from: 128, to: whole.count, by: 61)) {
      let failure = try complaint([UInt8](whole[..<length]))
      #expect(failure?.kind == .badData, "cut to \(length) bytes")
    }
  }

  @Test(arguments: ["new-form", "keras2", "kinds"])
  func `changed bytes crash, hang or swell nothing`(_ name: String) throws {
    let whole = try Files.read(path: "\(Self.goldens)/\(name).h5")
    for position in stride(from: 0, to: whole.count, by: max(1, whole.count / 100)) {
      for byte: UInt8 in [0, 0xff] {
        var changed = whole
        changed[position] = byte
        if let failure = try complaint(changed) {
          #expect(failure.kind == .badData, "byte \(position): \(failure)")
        }
      }
    }
  }

  @Test func `another format under the name of one is refused`() throws {
    #expect(try complaint([UInt8](repeating: 7, count: 5000))?.message.contains("is no HDF5 file") == true)
    #expect(try complaint([])?.kind == .badData)
  }
}
