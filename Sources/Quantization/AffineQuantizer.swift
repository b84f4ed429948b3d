// Round-to-nearest in MLX's affine format: the values that mlx-lm's `convert -q` chooses, bit for bit (CPU backend,
// mlx 0.32; the formula stands in CKernels/formats/affine.c).
//
// UNSAFE, on purpose: pointers into tensors. Pieces partition the rows, and each writes only its own rows.

import CKernels
import SafeIO
import TensorCore

package enum AffineQuantizer {
  /// Weights that are worth a task of their own: about a tenth of a millisecond.
  private static let grain = 1 << 16

  /// Quantizes `[rows, columns]` in f32, bf16 or f16; columns are a multiple of the group size.
  ///
  /// - Parameters:
  ///   - place: what to call the matrix in an error: file and tensor.
  ///   - firstRow: the number of the first row in that tensor, for a matrix that comes in pieces.
  /// - Throws: `Failure.badData` for weights that are not finite numbers.
  package static func quantize(
    _ weights: Tensor, bits: Int, groupSize: Int, place: String = "weights", firstRow: Int = 0
  ) throws(Failure) -> QuantizedMatrix {
    let (rows, columns) = (weights.shape[0], weights.shape[1])
    precondition(
      weights.rank == 2 && columns % groupSize == 0, "\(weights) has no whole groups of \(groupSize)")
    let groups = columns / groupSize
    let codes = Tensor.uninitialized([rows, columns * bits / 32], dtype: .u32)
    let scales = Tensor.uninitialized([rows, groups], dtype: weights.dtype)
    let biases = Tensor.uninitialized([rows, groups], dtype: weights.dtype)
    let (scaleBytes, codeBytes) = (groups * weights.dtype.size, columns * bits / 8)
    var errors = [Double](repeating: 0, count: 2 * rows)
    let pieceRows = max(1, grain / max(1, columns))
    var bad = [Int64](repeating: -1, count: (rows + pieceRows - 1) / pieceRows)
    errors.withUnsafeMutableBufferPointer { errors in
      bad.withUnsafeMutableBufferPointer { bad in
        let (errors, bad) = (errors.baseAddress, bad)  // each piece writes its own places
        let source = weights.address
        let (codes, scales, biases) = (codes.target, scales.target, biases.target)
        ThreadPool.shared.run(bad.count) { piece in
          let first = piece * pieceRows
          bad[piece] = mlt_affine_quantize(
            weights.dtype.storedFormat, source + first * columns * weights.dtype.size,
            Int64(min(pieceRows, rows - first)), Int64(columns), Int32(bits), Int64(groupSize),
            codes + first * codeBytes, scales + first * scaleBytes, biases + first * scaleBytes,
            errors.map { $0 + 2 * first })
        }
      }
    }
    if let piece = bad.firstIndex(where: { $0 >= 0 }) {
      let (row, group) = Int(bad[piece]).quotientAndRemainder(dividingBy: groups)
      throw .badData(
        place,
        "row \(firstRow + piece * pieceRows + row), columns \(group * groupSize) to \((group + 1) * groupSize - 1) hold "
          + "a value that is not a finite number or too large; such weights can't be quantized")
    }
    return QuantizedMatrix(parts: [codes, scales, biases], error: QuantizationError(rows: errors))
  }

  /// The stored values, as MLX dequantizes them: in the type of scales and biases, with each step rounded to it.
  ///
  /// - Parameters:
  ///   - codes: the bytes of u32 `[rows, columns · bits / 32]`, at any alignment.
  ///   - scales: `[rows, columns / groupSize]` in f32, bf16 or f16.
  package static func dequantize(
    codes: UnsafeRawBufferPointer, scales: Tensor, biases: Tensor, bits: Int, groupSize: Int
  ) -> Tensor {
    let (rows, groups) = (scales.shape[0], scales.shape[1])
    let columns = groups * groupSize
    precondition(
      codes.count == rows * columns * bits / 8 && biases.shape == scales.shape, "the parts do not fit")
    let output = Tensor.uninitialized([rows, columns], dtype: scales.dtype)
    guard let base = codes.baseAddress, output.count > 0 else { return output }
    let (s, b, y) = (scales.address, biases.address, output.target)
    let (scaleBytes, codeBytes, rowBytes) = (
      groups * scales.dtype.size, columns * bits / 8, columns * scales.dtype.size
    )
    let pieceRows = max(1, grain / columns)
    ThreadPool.shared.run((rows + pieceRows - 1) / pieceRows) { piece in
      let first = piece * pieceRows
      mlt_affine_dequantize(
        scales.dtype.storedFormat, base + first * codeBytes, s + first * scaleBytes, b + first * scaleBytes,
        Int64(min(pieceRows, rows - first)), Int64(columns), Int32(bits), Int64(groupSize),
        y + first * rowBytes)
    }
    return output
  }
}

extension Tensor {
  /// Where the elements lie, for a kernel that reads them.
  var address: UnsafeRawPointer {
    withBytes { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("every tensor has an address") }
      return base
    }
  }

  /// Where the elements of a fresh tensor lie, for a kernel that writes them.
  var target: UnsafeMutableRawPointer {
    withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("every tensor has an address") }
      return base
    }
  }
}
