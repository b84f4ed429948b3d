// GGUF files made by hand, so that they can lie.

import Foundation
import SafeIO
import TestSupport
import WeightFiles

/// The bytes of a GGUF file, piece by piece.
struct CraftedGGUF {
  private(set) var bytes: [UInt8] = []

  /// A file of version 3 with these counts.
  init(version: UInt32 = 3, tensors: UInt64, values: UInt64, magic: String = "GGUF") {
    bytes += [UInt8](magic.utf8)
    append(version)
    append(tensors)
    append(values)
  }

  mutating func append(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ text: String, statedLength: UInt64? = nil) {
    append(statedLength ?? UInt64(text.utf8.count))
    bytes += [UInt8](text.utf8)
  }

  /// A key and the number of its type.
  mutating func append(key: String, type: UInt32) {
    append(key)
    append(type)
  }

  mutating func append(tensor name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
    append(name)
    append(UInt32(dimensions.count))
    for dimension in dimensions { append(dimension) }
    append(type)
    append(offset)
  }

  /// Zeros up to the next multiple of the alignment, and so many more.
  mutating func appendData(_ count: Int, alignment: Int = 32) {
    while bytes.count % alignment != 0 { bytes.append(0) }
    bytes += (0..<count).map { UInt8(truncatingIfNeeded: $0) }
  }

  /// A file with a value of each type and two tensors, one of blocks.
  static let sound: [UInt8] = {
    var file = CraftedGGUF(tensors: 2, values: 15)
    file.append(key: "general.alignment", type: 4)
    file.append(UInt32(64))
    for (type, size) in [(UInt32(0), 1), (1, 1), (2, 2), (3, 2), (5, 4), (6, 4), (10, 8), (11, 8), (12, 8)] {
      file.append(key: "a.\(type)", type: type)
      for _ in 0..<size { file.append(UInt8(1)) }
    }
    file.append(key: "a.bool", type: 7)
    file.append(UInt8(1))
    file.append(key: "a.text", type: 8)
    file.append("säge")
    file.append(key: "a.texts", type: 9)
    file.append(UInt32(8))
    file.append(UInt64(2))
    file.append("one")
    file.append("")
    file.append(key: "a.numbers", type: 9)
    file.append(UInt32(5))
    file.append(UInt64(3))
    for number in [Int32(-1), 0, 7] { file.append(number) }
    file.append(key: "a.nested", type: 9)
    file.append(UInt32(9))
    file.append(UInt64(1))
    file.append(UInt32(6))
    file.append(UInt64(1))
    file.append(Float(0.5).bitPattern)
    file.append(tensor: "blk.0.attn_q.weight", [64, 2], type: 2)
    file.append(tensor: "norm", [3], type: 0, offset: 128)
    file.appendData(128 + 12, alignment: 64)
    return file.bytes
  }()

  /// What reading the bytes as a file `model.gguf` complains about, nil when it is read.
  static func complaint(_ bytes: [UInt8], in scratch: Scratch? = nil) throws -> Failure? {
    let scratch = try scratch ?? Scratch()
    let path = scratch.path + "/model.gguf"
    // Not synced to the disk: some tests write thousands of files.
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do throws(Failure) {
      _ = try GGUFFile(path: path)
      return nil
    } catch { return error }
  }
}
