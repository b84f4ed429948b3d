// Writes a GGUF file of version 3 as a stream: metadata and the places of all tensors first, since types and shapes are
// known, then each tensor's bytes in the order in which they were announced.

import SafeIO
import TensorCore

/// A value to be written into GGUF's metadata, with the type that it has there.
package enum GGUFField: Sendable, Equatable {
  case uint32(Int)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  case strings([String])
  case float32s([Float])
  case int32s([Int32])
  case uint8s([UInt8])
  case bools([Bool])
}

/// A tensor to be written.
package struct GGUFEntry: Sendable, Equatable {
  package let name: String
  package let type: GGMLType
  /// Outermost dimension first.
  package let shape: [Int]

  package init(name: String, type: GGMLType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  package var byteCount: Int { shape.dropLast().reduce(type.rowBytes(shape.last ?? 0), *) }
}

/// Writes one GGUF file.
package final class GGUFWriter {
  private static let alignment = 32

  private let file: AtomicFile
  private let entries: [GGUFEntry]
  /// The tensor that comes next, and how many of its bytes are there.
  private var position = (tensor: 0, bytes: 0)

  /// Starts the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: where the file appears when `finish` is called.
  ///   - metadata: in the order in which it is written.
  ///   - entries: every tensor, in the order in which they will come.
  ///   - follower: who reads the file while it is written.
  /// - Throws: `Failure.io`.
  package init(
    path: String, metadata: [(key: String, value: GGUFField)], entries: [GGUFEntry],
    follower: (any FileFollower)? = nil
  ) throws(Failure) {
    self.entries = entries
    let header = Self.header(metadata: metadata, entries: entries)
    file = try AtomicFile(path: path, follower: follower)
    try header.bytes.withUnsafeBufferPointer { bytes throws(Failure) in
      try file.append(UnsafeRawBufferPointer(bytes))
    }
  }

  /// The header of a file, up to where the first tensor begins, and the size that the file will have.
  package static func header(metadata: [(key: String, value: GGUFField)], entries: [GGUFEntry])
    -> (bytes: [UInt8], fileSize: Int)
  {
    var header = GGUFHeaderBytes()
    for byte in GGUFHeader.magic { header.append(byte) }
    header.append(UInt32(3))
    header.append(UInt64(entries.count))
    header.append(UInt64(metadata.count))
    for (key, value) in metadata { header.append(key, value) }
    var offset = 0
    for entry in entries {
      header.append(entry, offset: offset)
      offset = aligned(offset + entry.byteCount)
    }
    while header.bytes.count % alignment != 0 { header.append(UInt8(0)) }
    return (header.bytes, header.bytes.count + offset)
  }

  private static func aligned(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }

  /// Writes the next bytes of the next tensor.
  ///
  /// - Throws: `Failure.io`.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    precondition(
      position.tensor < entries.count && position.bytes + bytes.count <= entries[position.tensor].byteCount,
      "more bytes than were announced")
    try file.append(bytes)
    position.bytes += bytes.count
    guard position.bytes == entries[position.tensor].byteCount else { return }
    let padding = [UInt8](repeating: 0, count: Self.aligned(position.bytes) - position.bytes)
    position = (position.tensor + 1, 0)
    try padding.withUnsafeBufferPointer { bytes throws(Failure) in
      try file.append(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Gives the file its name, and first makes it durable.
  ///
  /// - Parameter durably: false in a staging folder, which is made durable as a whole.
  package func finish(durably: Bool = true) throws(Failure) {
    precondition(position.tensor == entries.count, "a tensor that was announced is missing")
    try file.finish(durably: durably)
  }
}

/// The bytes of a header while it grows.
private struct GGUFHeaderBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(_ type: GGUFValueType) { append(type.rawValue) }

  mutating func append(_ key: String, _ value: GGUFField) {
    append(key)
    switch value {
    case .uint32(let number):
      append(.uint32)
      append(UInt32(clamping: number))
    case .int32(let number):
      append(.int32)
      append(number)
    case .float32(let number):
      append(.float32)
      append(number.bitPattern)
    case .bool(let flag):
      append(.bool)
      append(UInt8(flag ? 1 : 0))
    case .string(let text):
      append(.string)
      append(text)
    case .strings(let texts): append(.string, texts) { $0.append($1) }
    case .float32s(let numbers): append(.float32, numbers) { $0.append($1.bitPattern) }
    case .int32s(let numbers): append(.int32, numbers) { $0.append($1) }
    case .uint8s(let numbers): append(.uint8, numbers) { $0.append($1) }
    case .bools(let flags): append(.bool, flags) { $0.append(UInt8($1 ? 1 : 0)) }
    }
  }

  private mutating func append<Element>(
    _ type: GGUFValueType, _ elements: [Element], _ element: (inout Self, Element) -> Void
  ) {
    append(.array)
    append(type)
    append(UInt64(elements.count))
    for each in elements { element(&self, each) }
  }

  mutating func append(_ entry: GGUFEntry, offset: Int) {
    append(entry.name)
    append(UInt32(entry.shape.count))
    for dimension in entry.shape.reversed() { append(UInt64(dimension)) }
    append(entry.type.code)
    append(UInt64(offset))
  }
}
