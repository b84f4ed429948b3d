// A GGUF file, mapped. Unsafe memory: tensors are views of the mapping, which they keep alive; the header was checked
// against the size of the file, so every view is in bounds.

import SafeIO
import TensorCore

/// The tensors and the metadata of one GGUF file.
///
/// As a `WeightSource` it lists a tensor of blocks as bytes, `[…, bytes of a row]`.
package final class GGUFFile: WeightSource {
  package let path: String
  package let header: GGUFHeader
  package let entries: [TensorEntry]
  /// GGUF's metadata is no free-form text; see `header`.
  package var metadata: WeightMetadata { [:] }
  /// For each entry, its tensor.
  private let tensorOfEntry: [GGUFTensor]
  /// Nil for a header in memory.
  private let file: MappedFile?
  // Immutable after `init`, valid as long as this object, which holds its owner.
  private nonisolated(unsafe) let content: UnsafeRawBufferPointer
  private let owner: any AnyObject & Sendable

  /// Maps the file and checks its header; no tensor byte is read.
  ///
  /// - Throws: `Failure`: `notFound`, `io`, or `badData` with the place that is wrong.
  package convenience init(path: String) throws(Failure) {
    let file = try MappedFile(path: path)
    try self.init(path: path, file, owner: file, file.bytes, size: file.count)
  }

  /// The beginning of a file, in memory, whose later tensors are not to be read.
  ///
  /// - Parameter size: that of the whole file.
  package convenience init(beginning: [UInt8], path: String, size: Int) throws(Failure) {
    let memory = HeldBytes(beginning)
    try self.init(path: path, nil, owner: memory, memory.bytes, size: size)
  }

  private init(
    path: String, _ file: MappedFile?, owner: any AnyObject & Sendable, _ content: UnsafeRawBufferPointer,
    size: Int
  ) throws(Failure) {
    self.file = file
    self.owner = owner
    self.content = content
    header = try GGUFHeader(content, path: path, size: size)
    self.path = path
    tensorOfEntry = header.tensors.sorted { $0.name.precedes($1.name) }
    entries = tensorOfEntry.map { tensor in
      switch tensor.type {
      case .plain(let dtype): return TensorEntry(name: tensor.name, dtype: dtype, shape: tensor.shape)
      case .blocks:
        let rowBytes = tensor.type.rowBytes(tensor.shape.last ?? 0)
        return TensorEntry(name: tensor.name, dtype: .u8, shape: tensor.shape.dropLast() + [rowBytes])
      }
    }
  }

  /// Whether a path is a file that begins as GGUF files do.
  package static func isGGUF(path: String) throws(Failure) -> Bool {
    guard !Files.isDirectory(path) else { return false }
    let file = try MappedFile(path: path)
    return withExtendedLifetime(file) { file.bytes.prefix(4).elementsEqual(GGUFHeader.magic) }
  }

  /// A tensor as the header describes it, nil when there is none of that name.
  package func described(_ name: String) -> GGUFTensor? {
    entries.position(of: name).map { tensorOfEntry[$0] }
  }

  package func tensor(_ name: String) throws(Failure) -> Tensor {
    let (entry, bytes) = try location(name)
    // Alignment can be less than that of the elements; kernels want whole ones.
    if UInt(bitPattern: bytes.baseAddress) % UInt(entry.dtype.size) != 0 {
      let copy = Tensor.uninitialized(entry.shape, dtype: entry.dtype)
      copy.withMutableBytes { $0.copyMemory(from: bytes) }
      return copy
    }
    return Tensor(mapping: bytes, owner: owner, shape: entry.shape, dtype: entry.dtype)
  }

  package func bytes(_ name: String) throws(Failure) -> UnsafeRawBufferPointer { try location(name).bytes }

  package func forget(_ name: String) {
    if let tensor = described(name) { file?.forget(tensor.range) }
  }

  private func location(_ name: String) throws(Failure) -> (entry: TensorEntry, bytes: UnsafeRawBufferPointer)
  {
    guard let index = entries.position(of: name) else { throw .badData(path, "has no tensor '\(name)'") }
    return (entries[index], UnsafeRawBufferPointer(rebasing: content[tensorOfEntry[index].range]))
  }

  /// The elements of an array of the header, one after the other.
  func scanner(at array: GGUFArray) -> GGUFScanner { GGUFScanner(content, path: path, at: array.start) }
}

/// Bytes that stay where they are.
private final class HeldBytes: Sendable {
  // Written in `init` alone.
  private nonisolated(unsafe) let memory: UnsafeMutableRawBufferPointer

  init(_ bytes: [UInt8]) {
    memory = .allocate(byteCount: bytes.count, alignment: 64)
    memory.copyBytes(from: bytes)
  }

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }
}
