// Writes a safetensors file as a stream: the header first, since all shapes are known, then each tensor's bytes at
// their place in whatever order they come. Its form is the reference writer's
// (`prepare` in safetensors/src/tensor.rs): wide element types first, then by name, the header padded to 8 bytes, so
// every tensor is aligned, and rewriting a file that the reference wrote gives the same bytes.

import Glibc
import SafeIO
import TensorCore

/// Writes one safetensors file.
package final class SafetensorsWriter: WeightFileWriter {
  private let file: AtomicFile
  /// What is still to come of each tensor: the bytes of the file that are not written yet.
  private var missing: [ExactName: Range<Int>] = [:]
  private let entries: [ExactName: TensorEntry]

  /// Starts the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: where the file appears when `finish` is called.
  ///   - entries: every tensor that will be appended, in any order, each name once.
  ///   - metadata: text for the header's `__metadata__`; nil leaves it out.
  ///   - follower: who reads the file while it is written.
  /// - Throws: `Failure.io`; `Failure.usage` when `path` is a device or a folder, which must not be replaced.
  package init(
    path: String, entries: [TensorEntry], metadata: WeightMetadata? = nil,
    follower: (any FileFollower)? = nil
  ) throws(Failure) {
    self.entries = Dictionary(entries.map { (ExactName($0.name), $0) }) { _, _ in
      preconditionFailure("a tensor was announced twice")
    }
    var status = stat()
    if lstat(path, &status) == 0, ![S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) {
      throw .usage("\(path) is not a file that can be replaced; give another name")
    }
    file = try AtomicFile(path: path, follower: follower)
    let ordered = Self.inFileOrder(entries)
    let header = Self.header(ordered, metadata: metadata)
    var position = header.count
    for entry in ordered {
      missing[ExactName(entry.name)] = position..<position + entry.byteCount
      position += entry.byteCount
    }
    try header.withUnsafeBufferPointer { bytes throws(Failure) in
      try file.write(UnsafeRawBufferPointer(bytes), at: 0)
    }
    try file.resize(to: position)
  }

  /// Writes the next bytes of a tensor; a large one may come in several pieces.
  ///
  /// - Throws: `Failure`: `io`, or `interrupted` between pieces of 64 MB.
  package func append(_ name: String, bytes: UnsafeRawBufferPointer) throws(Failure) {
    guard let range = missing[ExactName(name)], bytes.count <= range.count else {
      preconditionFailure("'\(name)' was not announced with these many bytes")
    }
    var done = 0
    while done < bytes.count {
      try Interruption.check()
      let piece = min(64 << 20, bytes.count - done)
      let slice = UnsafeRawBufferPointer(rebasing: bytes[done..<done + piece])
      try file.write(slice, at: range.lowerBound + done)
      done += piece
    }
    missing[ExactName(name)] = range.lowerBound + done..<range.upperBound
  }

  /// Whether every byte of an announced tensor has been written.
  package func isComplete(_ name: String) -> Bool { missing[ExactName(name)]?.isEmpty ?? false }

  /// Writes a whole tensor of the announced type and shape.
  package func append(_ name: String, tensor: Tensor) throws(Failure) {
    precondition(
      entries[ExactName(name)] == TensorEntry(name: name, dtype: tensor.dtype, shape: tensor.shape),
      "'\(name)' was announced with another type or shape")
    // The bytes are valid while the tensor is alive; inside the closure the error would lose its type.
    defer { withExtendedLifetime(tensor) {} }
    try append(name, bytes: tensor.withBytes { $0 })
  }

  /// Gives the file its name, and first makes it durable.
  ///
  /// - Parameter durably: false in a staging folder, which is made durable as a whole.
  package func finish(durably: Bool = true) throws(Failure) {
    precondition(missing.values.allSatisfy(\.isEmpty), "a tensor that was announced is missing")
    try file.finish(durably: durably)
  }

  /// Writes a file of tensors that are in memory.
  package static func write(
    path: String, tensors: [(name: String, tensor: Tensor)], metadata: WeightMetadata? = nil
  ) throws(Failure) {
    let entries = tensors.map { TensorEntry(name: $0.name, dtype: $0.tensor.dtype, shape: $0.tensor.shape) }
    let writer = try SafetensorsWriter(path: path, entries: entries, metadata: metadata)
    for (name, tensor) in tensors { try writer.append(name, tensor: tensor) }
    try writer.finish()
  }

  /// The tensors as they follow each other in a file.
  static func inFileOrder(_ entries: [TensorEntry]) -> [TensorEntry] {
    entries.sorted {
      let (left, right) = ($0.dtype.safetensorsRank, $1.dtype.safetensorsRank)
      return left == right ? $0.name.precedes($1.name) : left > right
    }
  }

  /// The header with the length before it, padded with spaces to a multiple of 8 bytes.
  private static func header(_ entries: [TensorEntry], metadata: WeightMetadata?) -> [UInt8] {
    var members: [String] = []
    if let metadata {
      let pairs = metadata.map { "\(JSON.string($0.key).text()):\(JSON.string($0.value).text())" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let end = offset + entry.byteCount
      members.append(
        "\(JSON.string(entry.name).text()):{\"dtype\":\"\(entry.dtype.safetensorsName)\","
          + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var text = [UInt8]("{\(members.joined(separator: ","))}".utf8)
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { [UInt8]($0) } + text
  }
}
