// The one door between model code and stored weights: a frozen matrix [rows, columns] that can multiply,
// multiply back, hand out rows, and expand itself. A new weight format is a new conforming class; models,
// adapters and training never learn which one they hold.

/// A frozen weight matrix `[rows = outputs, columns = inputs]` in some storage format.
///
/// Activations are f32 and their leading dimension counts rows (one per token). Sums are f32, and products round as
/// the matrix was told when it was loaded; the bits of a result do not depend on the number of threads.
package protocol WeightMatrix: AnyObject, Sendable {
  /// Number of outputs.
  var rows: Int { get }

  /// Number of inputs.
  var columns: Int { get }

  /// Bytes that the stored form takes, scales and biases included.
  var byteCount: Int { get }

  /// Multiplies: `x [m, columns]` f32 gives `x · Wᵀ [m, rows]` f32.
  func multiply(_ x: Tensor) -> Tensor

  /// Multiplies back, for the gradient of the input: `dy [m, rows]` f32 gives `dy · W [m, columns]` f32.
  func multiplyBack(_ dy: Tensor) -> Tensor

  /// Expands the given rows: `[rows.count, columns]` f32. Every index must be in `0 ..< rows`.
  func gather(_ rows: [Int32]) -> Tensor

  /// Expands the whole matrix: `[rows, columns]` f32.
  func expanded() -> Tensor

  /// Makes what products would otherwise make at their first use, such as another order of the weights.
  func prepare()
}

extension WeightMatrix {
  package func prepare() {}
}
