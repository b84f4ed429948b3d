// A tensor of a weight file, or one of those that lie in it one after another: files of some models hold the matrices of
// all experts of a layer in one tensor. Whoever reads or writes a weight need not know which of the two it is.

import SafeIO
import TensorCore

/// A tensor as it lies in a weight file, alone or as a part of a larger one.
package struct StoredTensor: Sendable, Equatable {
  /// Which part of a tensor: its first axis counts them.
  package struct Part: Sendable, Equatable {
    package let index: Int
    package let count: Int

    package init(index: Int, count: Int) {
      self.index = index
      self.count = count
    }
  }

  /// The name of the file's tensor.
  package let name: String
  package let dtype: DType
  /// The shape of the part.
  package let shape: [Int]
  /// Nil where the file's tensor is this one.
  package let part: Part?

  package init(name: String, dtype: DType, shape: [Int], part: Part? = nil) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.part = part
  }

  /// - Precondition: a tensor of parts has an axis for them.
  package init(_ entry: TensorEntry, part: Part? = nil) {
    self.init(
      name: entry.name, dtype: entry.dtype, shape: part == nil ? entry.shape : Array(entry.shape.dropFirst()),
      part: part)
  }

  /// The file's tensor.
  package var whole: TensorEntry {
    TensorEntry(name: name, dtype: dtype, shape: (part.map { [$0.count] } ?? []) + shape)
  }

  package var elementCount: Int { shape.reduce(1, *) }

  package var byteCount: Int { dtype.byteCount(elementCount) }
}

extension Sequence<StoredTensor> {
  /// The tensors of a file that holds these, each once, in the order in which they first come.
  package var wholes: [TensorEntry] {
    var seen: Set<ExactName> = []
    return compactMap { seen.insert(ExactName($0.name)).inserted ? $0.whole : nil }
  }
}

extension WeightSource {
  /// The bytes of a tensor or part, never copied; valid while the source lives.
  ///
  /// - Throws: `Failure.badData` when there is no such tensor.
  package func bytes(_ tensor: StoredTensor) throws(Failure) -> UnsafeRawBufferPointer {
    let bytes = try bytes(tensor.name)
    guard let part = tensor.part else { return bytes }
    let start = part.index * tensor.byteCount
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + tensor.byteCount])
  }

  /// A tensor or part: a view of the mapped file, which it keeps alive, where alignment allows it.
  ///
  /// - Throws: `Failure.badData` when there is no such tensor.
  package func tensor(_ tensor: StoredTensor) throws(Failure) -> Tensor {
    guard tensor.part != nil else { return try self.tensor(tensor.name) }
    let bytes = try bytes(tensor)
    if UInt(bitPattern: bytes.baseAddress) % UInt(tensor.dtype.size) != 0 {
      let copy = Tensor.uninitialized(tensor.shape, dtype: tensor.dtype)
      copy.withMutableBytes { $0.copyMemory(from: bytes) }
      return copy
    }
    return Tensor(mapping: bytes, owner: self, shape: tensor.shape, dtype: tensor.dtype)
  }
}
