// Memory of the benchmark's own, which goes back to the system with its owner: that of the tensors' pool would stay, and
// count as memory of what is measured later.
//
// UNSAFE, on purpose: makes and frees raw memory.

import TensorCore

/// Bytes that live as long as the object.
final class OwnMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 4096) }

  deinit { bytes.deallocate() }

  /// The bytes as a tensor, which keeps them alive; to be made when they are filled.
  func tensor(_ shape: [Int], dtype: DType) -> Tensor {
    Tensor(mapping: UnsafeRawBufferPointer(bytes), owner: self, shape: shape, dtype: dtype)
  }
}
