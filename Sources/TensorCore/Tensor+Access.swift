// How elements leave a tensor: as Swift arrays, as bytes, and as pointers for kernels.
//
// UNSAFE, on purpose: the pointers are valid while the tensor is alive, which every caller in this target ensures by
// holding the tensor for the whole kernel call.

extension Tensor {
  /// The elements widened to `Float` (rounded, for f64).
  package func floats() -> [Float] {
    precondition(dtype.isFloat, "\(self) does not hold floats")
    let widened = dtype == .f32 ? self : detached().cast(to: .f32)
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let target = buffer.baseAddress {
        UnsafeMutableRawPointer(target).copyMemory(from: widened.storage.address, byteCount: count * 4)
      }
      initialized = count
    }
  }

  /// The elements of an integer or boolean tensor.
  package func integers() -> [Int] {
    withBytes { bytes in
      func read<Element: FixedWidthInteger & BitwiseCopyable>(_ type: Element.Type) -> [Int] {
        (0..<count).map {
          Int(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type))
        }
      }
      switch dtype {
      case .i64: return read(Int64.self)
      case .i32: return read(Int32.self)
      case .i16: return read(Int16.self)
      case .i8: return read(Int8.self)
      case .u64: return read(UInt64.self)
      case .u32: return read(UInt32.self)
      case .u16: return read(UInt16.self)
      case .u8, .bool: return read(UInt8.self)
      default: preconditionFailure("\(self) does not hold integers")
      }
    }
  }

  /// The only element.
  package func item() -> Float {
    precondition(count == 1, "\(self) is not a single value")
    return floats()[0]
  }

  /// Lends the elements' bytes, little-endian and row-major.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(start: storage.address, count: byteCount))
  }

  /// Lends the bytes for writing.
  ///
  /// Only for a tensor that nobody else reads: one made by `uninitialized` or `zeros` just now, or state such as a
  /// trained parameter between two steps, when no graph that remembers it is alive. Every copy of the value sees
  /// the change.
  package func withMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    precondition(storage.isWritable, "\(self) is mapped from a file and cannot be written")
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableRawBufferPointer(start: storage.address, count: byteCount))
  }

  /// The elements of an f32 tensor, for a kernel.
  var source: UnsafePointer<Float> { UnsafePointer(target) }

  /// The elements of a fresh f32 tensor, for a kernel to write.
  var target: UnsafeMutablePointer<Float> {
    precondition(dtype == .f32, "arithmetic is done in f32; cast \(self) first")
    return storage.address.assumingMemoryBound(to: Float.self)
  }

  /// i32 elements, for a kernel; other integer types are converted.
  func indices(below limit: Int, for operation: String) -> Tensor {
    let ids = dtype == .i32 ? self : Tensor(integers().map { Int32(clamping: $0) }, shape: shape)
    ids.withBytes { bytes in
      for id in bytes.bindMemory(to: Int32.self) {
        precondition(id >= 0 && id < limit, "\(operation): index \(id) is not in 0..<\(limit)")
      }
    }
    return ids
  }

  /// i32 elements, for a kernel.
  var indexSource: UnsafePointer<Int32> {
    precondition(dtype == .i32, "\(self) does not hold i32 indices")
    return UnsafePointer(storage.address.assumingMemoryBound(to: Int32.self))
  }
}
