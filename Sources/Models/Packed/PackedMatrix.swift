// A packed matrix with its scales and zeros read: what it is to products, as floats, and in MLX's formats where those hold
// each of its values.

import SafeIO
import TensorCore
import WeightFiles

/// A matrix that another tool has packed; the codes stay in the file.
package protocol PackedMatrix {
  /// How MLX stores the same values, and the type of scales (and biases); nil where its formats have no such grid.
  var mlx: (setting: QuantizationSetting, scales: DType)? { get }

  /// Rows in that form: codes, scales, and biases where the mode has them.
  func mlxParts(rows: Range<Int>) -> [Tensor]

  /// Rows as f32: the values rounded once.
  func floats(rows: Range<Int>) -> Tensor

  /// The matrix for products.
  func matrix(_ arithmetic: Arithmetic) -> any WeightMatrix
}

extension ModelDirectory {
  /// Reads the scales and zeros of a packed matrix.
  ///
  /// - Throws: `Failure.badData` for a group index that names no group.
  package func opened(_ form: PackedForm) throws(Failure) -> any PackedMatrix {
    switch form {
    case .integers(let form): try IntegerMatrix(form, weights, place: path)
    case .floats(let form): try FloatMatrix(form, weights)
    }
  }
}
