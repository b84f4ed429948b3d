// Reading the golden files: a minimal safetensors reader for trusted files, independent of the one being shipped.

import Foundation
import SafeIO
import TensorCore

/// A golden file of one operation.
struct GoldenFile {
  let name: String
  private let header: JSONObject
  private let data: [UInt8]

  /// The golden files of this target, by operation, sorted.
  static let operations: [String] = {
    let folder = Bundle.module.bundleURL.appendingPathComponent("Goldens/ops").path
    return ((try? Files.list(folder)) ?? []).compactMap {
      $0.hasSuffix(".safetensors") ? String($0.dropLast(".safetensors".count)) : nil
    }
  }()

  init(operation: String) throws {
    name = operation
    let url = Bundle.module.bundleURL.appendingPathComponent("Goldens/ops/\(operation).safetensors")
    let bytes = try Files.read(path: url.path)
    let length = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    guard let object = try JSON.parse(Array(bytes[8..<8 + length]), source: operation).objectValue else {
      throw Failure.badData(operation, "the header is not an object")
    }
    header = object
    data = Array(bytes[(8 + length)...])
  }

  /// The cases with their parameters.
  func cases() throws -> [GoldenCase] {
    let text = header["__metadata__"]?["cases"]?.stringValue ?? ""
    guard let cases = try JSON.parse(text, source: name).objectValue else {
      throw Failure.badData(name, "no cases")
    }
    return cases.map { GoldenCase(file: self, name: $0.0, parameters: $0.1) }
  }

  /// A tensor, nil if there is none: f64 becomes f32, i64 becomes i32.
  func tensor(_ name: String) -> Tensor? {
    values(name).flatMap { values in
      guard let shape = shape(name) else { return nil }
      return isInteger(name)
        ? Tensor(values.map { Int32($0) }, shape: shape) : Tensor(values.map { Float($0) }, shape: shape)
    }
  }

  /// The elements as they stand in the file.
  func values(_ name: String) -> [Double]? {
    guard let offsets = header[name]?["data_offsets"]?.arrayValue?.compactMap(\.intValue), offsets.count == 2
    else {
      return nil
    }
    return data[offsets[0]..<offsets[1]].withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map {
        isInteger(name)
          ? Double(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
          : bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self)
      }
    }
  }

  func shape(_ name: String) -> [Int]? { header[name]?["shape"]?.arrayValue?.compactMap(\.intValue) }

  func names() -> [String] { header.keys }

  private func isInteger(_ name: String) -> Bool { header[name]?["dtype"]?.stringValue == "I64" }
}

/// One case of a golden file.
struct GoldenCase: CustomStringConvertible {
  let file: GoldenFile
  let name: String
  let parameters: JSON

  var description: String { "\(file.name).\(name)" }

  /// The inputs by name.
  var inputs: [String: Tensor] {
    let prefix = "\(name).in."
    var result: [String: Tensor] = [:]
    for tensor in file.names() where tensor.hasPrefix(prefix) {
      result[String(tensor.dropFirst(prefix.count))] = file.tensor(tensor)
    }
    return result
  }

  /// max(1e-5, 4 · what PyTorch reaches in f32): a different order of summation, not a different formula.
  var tolerance: Double { max(1e-5, 4 * (parameters["torch_float32_error"]?.doubleValue ?? 0)) }
}
