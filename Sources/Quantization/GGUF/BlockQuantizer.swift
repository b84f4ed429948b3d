// Quantizing to the block formats of ggml, on all threads.
//
// UNSAFE, on purpose: pointers into tensors. Pieces partition the rows, and each writes only its own rows.

import CKernels
import SafeIO
import TensorCore

package enum BlockQuantizer {
  /// Weights that are worth a task of their own.
  private static let grain = 1 << 15

  /// Whether weights can be quantized to a format; the others are read alone.
  package static func canWrite(_ format: BlockFormat) -> Bool { mlt_blocks_can_quantize(format.stored) != 0 }

  /// Quantizes f32 `[rows, columns]`, columns being whole blocks.
  ///
  /// - Parameters:
  ///   - place: what to call the matrix in an error: file and tensor.
  ///   - firstRow: the number of the first row in that tensor, for a matrix that comes in pieces.
  /// - Returns: u8 `[rows, bytes of a row]`, and what storing the weights so has cost.
  /// - Throws: `Failure.badData` for weights that are not finite numbers or too large for scales in f16.
  package static func quantize(
    _ weights: Tensor, to format: BlockFormat, place: String = "weights", firstRow: Int = 0
  ) throws(Failure) -> (blocks: Tensor, error: QuantizationError) {
    let (rows, columns) = (weights.shape[0], weights.shape[1])
    precondition(
      weights.dtype == .f32 && columns % format.blockSize == 0 && canWrite(format),
      "\(weights) can't become \(format.rawValue)")
    let rowBytes = columns / format.blockSize * format.blockBytes
    let blocks = Tensor.uninitialized([rows, rowBytes], dtype: .u8)
    let pieceRows = max(1, grain / max(1, columns))
    let pieces = (rows + pieceRows - 1) / pieceRows
    var errors = [Double](repeating: 0, count: 2 * pieces)
    var bad = [Int64](repeating: -1, count: pieces)
    errors.withUnsafeMutableBufferPointer { errors in
      bad.withUnsafeMutableBufferPointer { bad in
        let (errors, bad) = (errors.baseAddress, bad)  // each piece writes its own places
        let source = weights.withBytes { $0.bindMemory(to: Float.self).baseAddress }
        let target = blocks.withMutableBytes { $0.baseAddress }
        guard let source, let target, let errors else { return }
        ThreadPool.shared.run(pieces) { piece in
          let first = piece * pieceRows
          let count = min(pieceRows, rows - first) * columns
          bad[piece] = mlt_blocks_quantize(
            format.stored, source + first * columns, Int64(count), target + first * rowBytes,
            errors + 2 * piece)
        }
      }
    }
    withExtendedLifetime(weights) {}
    if let piece = bad.firstIndex(where: { $0 >= 0 }) {
      let place = (
        row: firstRow + piece * pieceRows + Int(bad[piece]) * format.blockSize / columns, name: place
      )
      throw .badData(
        place.name,
        "row \(place.row) holds a value that is not a finite number or too large for \(format.rawValue); such weights can't be "
          + "quantized")
    }
    var error = QuantizationError()
    for piece in 0..<pieces {
      error.add(QuantizationError(squaredError: errors[2 * piece], squaredNorm: errors[2 * piece + 1]))
    }
    return (blocks, error)
  }
}
