// Changing the element type.

import CKernels

extension Tensor {
  /// The elements as another type: exact where the value exists, else rounded to nearest, ties to even;
  /// floats that are too large become infinity.
  ///
  /// Not differentiable: the result is a constant, unless the type stays.
  package func cast(to type: DType) -> Tensor {
    guard type != dtype else { return self }
    precondition(dtype != .c64 && type != .c64, "complex numbers are not converted: \(self) to \(type)")
    if dtype.isPacked || type.isPacked { return castPacked(to: type) }
    // What kernels widen goes by way of f32, which holds all of it.
    if [.f8e4m3, .f8e5m2].contains(dtype), type.isFloat, type != .f32 {
      return cast(to: .f32).cast(to: type)
    }
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
      case (.f8e4m3, .f32), (.f8e5m2, .f32):
        mlt_numbers_to_f32(
          dtype == .f8e4m3 ? MLT_E4M3 : MLT_E5M2, x.assumingMemoryBound(to: UInt8.self),
          y.assumingMemoryBound(to: Float.self), n)
      default:
        for index in 0..<piece.count {
          ScalarValue(reading: x + index * dtype.size, as: dtype).write(to: y + index * type.size, as: type)
        }
      }
    }
    return output
  }

  /// The same where elements share bytes: one by one, by way of f32, which holds all of them.
  private func castPacked(to type: DType) -> Tensor {
    guard dtype.isPacked else {
      let wide = cast(to: .f32)
      let output = Tensor.zeros(shape, dtype: type)
      let format = SmallFloat.packed(type)
      defer { withExtendedLifetime(wide.storage) {} }
      let (x, y) = (wide.source, output.storage.address.assumingMemoryBound(to: UInt8.self))
      for index in 0..<count {
        let (byte, shift) = (index * type.bits).quotientAndRemainder(dividingBy: 8)
        let code = format.code(Double(x[index])) << shift
        y[byte] |= UInt8(truncatingIfNeeded: code)
        if shift + type.bits > 8 { y[byte + 1] |= UInt8(truncatingIfNeeded: code >> 8) }
      }
      return output
    }
    let wide = Tensor.uninitialized(shape)
    let format = SmallFloat.packed(dtype)
    let values = (0..<1 << dtype.bits).map { Float(format.value($0)) }
    defer { withExtendedLifetime(storage) {} }
    let (x, y) = (storage.address.assumingMemoryBound(to: UInt8.self), wide.target)
    for index in 0..<count {
      let (byte, shift) = (index * dtype.bits).quotientAndRemainder(dividingBy: 8)
      let isSplit = shift + dtype.bits > 8
      let word = Int(x[byte]) | (isSplit ? Int(x[byte + 1]) << 8 : 0)
      y[index] = values[word >> shift & (values.count - 1)]
    }
    return wide.cast(to: type)
  }
}
