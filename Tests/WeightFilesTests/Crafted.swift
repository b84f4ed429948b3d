// safetensors files made by hand, so that they can lie.

import Foundation
import SafeIO
import TestSupport
import WeightFiles

enum Crafted {
  /// A file with the given header text and data, and a length that may differ from the truth.
  static func safetensors(_ header: String, data: [UInt8] = [], statedLength: UInt64? = nil) -> [UInt8] {
    let text = [UInt8](header.utf8)
    let length = withUnsafeBytes(of: (statedLength ?? UInt64(text.count)).littleEndian) { [UInt8]($0) }
    return length + text + data
  }

  /// A header member of the type F32 and the shape `[1]`.
  static func tensor(_ name: String, _ range: ClosedRange<Int>) -> String {
    tensor(name, "F32", "[1]", range)
  }

  /// A header member.
  static func tensor(_ name: String, _ dtype: String, _ shape: String, _ range: ClosedRange<Int>) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}"
  }

  /// What reading the bytes as a file `model.safetensors` complains about, nil when it is read.
  static func complaint(_ bytes: [UInt8], in scratch: Scratch? = nil) throws -> Failure? {
    let scratch = try scratch ?? Scratch()
    let path = scratch.path + "/model.safetensors"
    // Not synced to the disk: some tests write thousands of files.
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do throws(Failure) {
      _ = try SafetensorsFile(path: path)
      return nil
    } catch { return error }
  }
}
