// The value that everything computes with: contiguous elements in row-major order, a shape, and, when a gradient
// may flow through it, its place in the graph. Operations return new tensors and never change their inputs, so
// storage is shared freely. Views do not exist: an index map (`Layout`) is used while copying and then gone.

/// A multi-dimensional array of one element type.
///
/// Not `Sendable`: a graph lives on one thread; kernels fan out inside.
package struct Tensor {
  /// Extents, outermost first; empty for a scalar.
  package let shape: [Int]
  package let dtype: DType
  /// Changed by nothing; a variable so that its references can be counted.
  private(set) var storage: Storage
  /// The operation whose output this is; nil for constants.
  let origin: Origin?
  /// How the elements can be made again, for operations that would keep them; nil where that costs too much.
  var recipe: (recipe: Recipe, output: Int)?

  init(shape: [Int], dtype: DType, storage: Storage, origin: Origin? = nil) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a tensor cannot have the shape \(shape)")
    precondition(
      storage.byteCount >= dtype.byteCount(shape.reduce(1, *)),
      "\(storage.byteCount) bytes are too few for \(dtype) \(shape)")
    self.shape = shape
    self.dtype = dtype
    self.storage = storage
    self.origin = origin
  }

  /// Number of elements.
  package var count: Int { shape.reduce(1, *) }

  /// Number of bytes that the elements take.
  package var byteCount: Int { dtype.byteCount(count) }

  /// Number of dimensions.
  package var rank: Int { shape.count }

  /// Whether no other tensor shares the bytes.
  mutating func holdsStorageAlone() -> Bool { storage.isWritable && isKnownUniquelyReferenced(&storage) }

  /// The same elements under another shape.
  func viewed(as shape: [Int]) -> Tensor {
    precondition(
      shape.reduce(1, *) == count, "\(self.shape) has \(count) elements and cannot take the shape \(shape)")
    var view = Tensor(shape: shape, dtype: dtype, storage: storage)
    view.recipe = recipe
    return view
  }

  /// An axis counted from the front; `-1` is the last one.
  func axis(_ axis: Int) -> Int {
    precondition(-rank..<rank ~= axis, "axis \(axis) does not exist in the shape \(shape)")
    return axis < 0 ? axis + rank : axis
  }
}

extension Tensor: CustomStringConvertible {
  package var description: String { "\(dtype) \(shape)" }
}
