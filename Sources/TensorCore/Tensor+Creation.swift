// Where tensors begin.

extension Tensor {
  /// An f32 tensor with the given elements in row-major order.
  package init(_ values: [Float], shape: [Int]) {
    self.init(copying: values, dtype: .f32, shape: shape)
  }

  /// An f32 vector.
  package init(_ values: [Float]) {
    self.init(copying: values, dtype: .f32, shape: [values.count])
  }

  /// An i32 tensor with the given elements in row-major order.
  package init(_ ids: [Int32], shape: [Int]) {
    self.init(copying: ids, dtype: .i32, shape: shape)
  }

  /// An f32 scalar.
  package init(_ value: Float) {
    self.init(copying: [value], dtype: .f32, shape: [])
  }

  private init<Element: BitwiseCopyable>(copying values: [Element], dtype: DType, shape: [Int]) {
    precondition(
      values.count == shape.reduce(1, *), "\(values.count) values cannot fill the shape \(shape)")
    let storage = Storage(byteCount: values.count * dtype.size)
    values.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { storage.address.copyMemory(from: source, byteCount: bytes.count) }
    }
    self.init(shape: shape, dtype: dtype, storage: storage)
  }

  /// Elements that are all zero.
  package static func zeros(_ shape: [Int], dtype: DType = .f32) -> Tensor {
    let tensor = uninitialized(shape, dtype: dtype)
    tensor.storage.address.initializeMemory(as: UInt8.self, repeating: 0, count: tensor.storage.byteCount)
    return tensor
  }

  /// f32 elements that are all `value`.
  package static func full(_ shape: [Int], value: Float) -> Tensor {
    let tensor = uninitialized(shape)
    tensor.storage.address.initializeMemory(as: Float.self, repeating: value, count: tensor.count)
    return tensor
  }

  /// Elements with undefined contents, to be written by a kernel or `withMutableBytes` before anything reads them.
  package static func uninitialized(_ shape: [Int], dtype: DType = .f32) -> Tensor {
    Tensor(shape: shape, dtype: dtype, storage: Storage(byteCount: dtype.byteCount(shape.reduce(1, *))))
  }

  /// A tensor over memory that `owner` keeps alive, such as a mapped file.
  ///
  /// Nothing is copied; any alignment will do for reading through `cast`, `floats` and weight matrices, f32
  /// arithmetic needs 4-byte alignment.
  package init(mapping bytes: UnsafeRawBufferPointer, owner: AnyObject, shape: [Int], dtype: DType) {
    precondition(
      bytes.count == dtype.byteCount(shape.reduce(1, *)),
      "\(bytes.count) mapped bytes do not make \(dtype) \(shape)")
    self.init(shape: shape, dtype: dtype, storage: Storage(mapping: bytes, owner: owner))
  }
}
