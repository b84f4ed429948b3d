// Changing the element type.

import CKernels

extension Tensor {
  /// The elements as another type: exact where the value exists, else rounded to nearest, ties to even;
  /// floats that are too large become infinity.
  ///
  /// Not differentiable: the result is a constant, unless the type stays.
  package func cast(to type: DType) -> Tensor {
    guard type != dtype else { return self }
    let output = Tensor.uninitialized(shape, dtype: type)
    let (from, to) = (storage.address, output.storage.address)
    defer { withExtendedLifetime(storage) {} }
    VectorKernels.elements(count) { piece in
      let n = Int64(piece.count)
      let x = UnsafeRawPointer(from + piece.lowerBound * dtype.size)
      let y = to + piece.lowerBound * type.size
      switch (dtype, type) {
      case (.bf16, .f32):
        mlt_bf16_to_f32(x.assumingMemoryBound(to: UInt16.self), y.assumingMemoryBound(to: Float.self), n)
      case (.f16, .f32):
        mlt_f16_to_f32(x.assumingMemoryBound(to: UInt16.self), y.assumingMemoryBound(to: Float.self), n)
      case (.f32, .bf16):
        mlt_f32_to_bf16(x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: UInt16.self), n)
      case (.f32, .f16):
        mlt_f32_to_f16(x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: UInt16.self), n)
      default:
        for index in 0..<piece.count {
          ScalarValue(reading: x + index * dtype.size, as: dtype).write(to: y + index * type.size, as: type)
        }
      }
    }
    return output
  }
}
