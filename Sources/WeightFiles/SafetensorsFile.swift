// A safetensors file, mapped. Unsafe memory: tensors are views of the mapping, which they keep alive; the header was
// checked against the size of the file, so every view is in bounds.

import SafeIO
import TensorCore

/// The tensors of one safetensors file.
package final class SafetensorsFile: WeightSource {
  package let path: String
  package let entries: [TensorEntry]
  package let metadata: WeightMetadata
  private let offsets: [Int]
  private let file: MappedFile

  /// Maps the file and checks its header; no tensor byte is read.
  ///
  /// - Throws: `Failure`: `notFound`, `io`, or `badData` with the tensor and the bytes that are wrong.
  package init(path: String) throws(Failure) {
    file = try MappedFile(path: path)
    let header = try SafetensorsHeader(file.bytes, path: path)
    self.path = path
    entries = header.entries
    offsets = header.offsets
    metadata = header.metadata
  }

  package func tensor(_ name: String) throws(Failure) -> Tensor {
    let (entry, range) = try location(name)
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
    // MLX does not pad its header, so its tensors may lie anywhere; kernels want whole elements.
    if UInt(bitPattern: bytes.baseAddress) % UInt(entry.dtype.size) != 0 {
      let copy = Tensor.uninitialized(entry.shape, dtype: entry.dtype)
      copy.withMutableBytes { $0.copyMemory(from: bytes) }
      return copy
    }
    return Tensor(mapping: bytes, owner: file, shape: entry.shape, dtype: entry.dtype)
  }

  package func bytes(_ name: String) throws(Failure) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[try location(name).range])
  }

  package func forget(_ name: String) {
    if let range = try? location(name).range { file.forget(range) }
  }

  private func location(_ name: String) throws(Failure) -> (entry: TensorEntry, range: Range<Int>) {
    guard let index = entries.position(of: name) else {
      throw .badData(path, "has no tensor '\(name)'")
    }
    return (entries[index], offsets[index]..<offsets[index] + entries[index].byteCount)
  }
}
