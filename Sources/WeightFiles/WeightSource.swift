// What every weight file offers, whatever its format: a sorted list of named tensors, free-form metadata, and the
// tensors themselves, mapped where the format allows it.

import SafeIO
import TensorCore

/// A named tensor as a weight file lists it.
package struct TensorEntry: Sendable, Equatable {
  package let name: String
  package let dtype: DType
  package let shape: [Int]

  /// - Precondition: the byte count of `shape` fits an `Int`; readers check that before.
  package init(name: String, dtype: DType, shape: [Int]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }

  package var elementCount: Int { shape.reduce(1, *) }

  package var byteCount: Int { dtype.byteCount(elementCount) }
}

/// Named tensors from one file or from a folder of shards.
package protocol WeightSource: AnyObject, Sendable {
  /// Every tensor, sorted by the UTF-8 bytes of its name.
  var entries: [TensorEntry] { get }

  /// Free-form text that travels with the tensors; empty when there is none.
  var metadata: WeightMetadata { get }

  /// The entry of a name, nil when there is no such tensor.
  ///
  /// - Complexity: logarithmic in the number of tensors.
  func entry(_ name: String) -> TensorEntry?

  /// The tensor of a name: a view of the mapped file, which it keeps alive, where alignment allows it.
  ///
  /// - Throws: `Failure.badData` when there is no such tensor.
  func tensor(_ name: String) throws(Failure) -> Tensor

  /// The stored bytes of a tensor, at any alignment, never copied; valid while the source lives.
  ///
  /// - Throws: `Failure.badData` when there is no such tensor.
  func bytes(_ name: String) throws(Failure) -> UnsafeRawBufferPointer

  /// Says that the bytes of a tensor were read and will not be needed soon, so that a streaming pass over a large model
  /// does not fill memory. They are still there when they are read again.
  func forget(_ name: String)
}

extension WeightSource {
  package func entry(_ name: String) -> TensorEntry? { entries.position(of: name).map { entries[$0] } }
}

extension [TensorEntry] {
  /// Where `name` stands in a list sorted by name.
  func position(of name: String) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].name.precedes(name) { low = middle + 1 } else { high = middle }
    }
    return low < count && ExactName(self[low].name) == ExactName(name) ? low : nil
  }
}
