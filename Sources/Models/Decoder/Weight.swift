// A weight of a running model: frozen in its stored form, or a trained f32 tensor. Both sides of a tied matrix hold the
// same object, so the two gradients of a trained embedding add up by themselves.

import TensorCore

/// A named weight of a decoder.
package final class Weight {
  package enum Value {
    /// A frozen matrix in any weight format.
    case stored(any WeightMatrix)
    /// A vector, or a matrix that is trained.
    case tensor(Tensor)
  }

  /// The name in the weight file, such as `model.norm.weight`.
  package let name: String
  package private(set) var value: Value

  init(name: String, _ value: Value) {
    self.name = name
    self.value = value
  }

  package var shape: [Int] {
    switch value {
    case .stored(let matrix): [matrix.rows, matrix.columns]
    case .tensor(let tensor): tensor.shape
    }
  }

  /// The weight as f32.
  package var expanded: Tensor {
    switch value {
    case .stored(let matrix): matrix.expanded()
    case .tensor(let tensor): tensor
    }
  }

  /// Bytes of a frozen matrix; 0 for what lives in f32.
  var storedBytes: Int {
    if case .stored(let matrix) = value { matrix.byteCount } else { 0 }
  }

  /// Whether it is a frozen matrix of few bits.
  var isQuantized: Bool {
    if case .stored(let matrix) = value { !(matrix is DenseWeights) } else { false }
  }

  /// Makes what products with a frozen matrix would otherwise make at their first use.
  func prepare() { if case .stored(let matrix) = value { matrix.prepare() } }

  /// The leaf whose gradient is wanted; nil while the weight is frozen.
  package var trained: Tensor? {
    if case .tensor(let tensor) = value, tensor.requiresGradient { tensor } else { nil }
  }

  /// Turns a frozen weight into a trained f32 tensor with the same values, of its own memory.
  ///
  /// - Returns: the leaf.
  @discardableResult
  package func train() -> Tensor {
    if let trained { return trained }
    let leaf = (expanded * 1).detached().trainable()
    value = .tensor(leaf)
    return leaf
  }

  /// Puts new values in the place of a trained tensor or vector.
  ///
  /// - Parameter tensor: f32 of the same shape; a trained weight stays one, with a new leaf.
  package func replace(with tensor: Tensor) {
    precondition(
      tensor.shape == shape && tensor.dtype == .f32, "'\(name)' is f32 \(shape), it can't become \(tensor)")
    value = .tensor(trained == nil ? tensor : tensor.detached().trainable())
  }

  /// x · Wᵀ: `[rows, columns of W]` gives `[rows, rows of W]`.
  func multiply(_ x: Tensor) -> Tensor {
    switch value {
    case .stored(let matrix): x.linear(matrix)
    case .tensor(let tensor): x.linear(tensor)
    }
  }

  /// Rows of the matrix.
  ///
  /// - Parameter padding: a row that gets no gradient.
  func gather(_ ids: [Int32], padding: Int? = nil) -> Tensor {
    switch value {
    case .stored(let matrix): matrix.gather(ids)
    case .tensor(let tensor): tensor.embedding(ids: ids, padding: padding)
    }
  }
}
