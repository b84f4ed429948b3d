// Round-to-nearest in MLX's modes of small floats, mxfp4, nvfp4 and mxfp8: the values that mlx-lm's `convert -q` chooses, bit for
// bit (CPU backend, mlx 0.32; the formula stands in CKernels/formats/numbers.c).
//
// UNSAFE, on purpose: pointers into tensors. Pieces partition the rows, and each writes only its own rows.

import CKernels
import Models
import SafeIO
import TensorCore

enum SmallFloatQuantizer {
  /// Weights that are worth a task of their own.
  private static let grain = 1 << 16

  /// Quantizes `[rows, columns]` in f32, bf16 or f16; columns are a multiple of the group size.
  ///
  /// - Returns: u32 codes `[rows, columns · bits / 32]` and u8 scales `[rows, columns / groupSize]`.
  /// - Throws: `Failure.badData` for weights that are not finite numbers.
  static func quantize(
    _ weights: Tensor, _ setting: QuantizationSetting, place: String, firstRow: Int
  ) throws(Failure) -> QuantizedMatrix {
    let (rows, columns, size) = (weights.shape[0], weights.shape[1], setting.groupSize)
    guard let number = setting.mode.number else { preconditionFailure("the affine mode has biases") }
    precondition(columns % size == 0, "\(weights) has no whole groups of \(size)")
    let codes = Tensor.uninitialized([rows, columns * setting.bits / 32], dtype: .u32)
    let scales = Tensor.uninitialized([rows, columns / size], dtype: .u8)
    let kind = setting.mode.hasPowerScales ? MLT_POWERS : MLT_E4M3_SCALES
    var errors = [Double](repeating: 0, count: 2 * rows)
    let height = max(1, grain / max(1, columns))
    var bad = [Int64](repeating: -1, count: (rows + height - 1) / height)
    errors.withUnsafeMutableBufferPointer { errors in
      bad.withUnsafeMutableBufferPointer { bad in
        let (errors, bad) = (errors.baseAddress, bad)  // each piece writes its own places
        let (source, codes, scales) = (weights.address, codes.target, scales.target)
        ThreadPool.shared.run(bad.count) { piece in
          let first = piece * height
          bad[piece] = mlt_numbers_quantize(
            weights.dtype.storedFormat, source + first * columns * weights.dtype.size,
            Int64(min(height, rows - first)), Int64(columns), number.stored, kind, Int64(size),
            (codes + first * columns * setting.bits / 8).assumingMemoryBound(to: UInt8.self),
            (scales + first * columns / size).assumingMemoryBound(to: UInt8.self),
            errors.map { $0 + 2 * first })
        }
      }
    }
    if let piece = bad.firstIndex(where: { $0 >= 0 }) {
      let (row, group) = Int(bad[piece]).quotientAndRemainder(dividingBy: columns / size)
      throw .badData(
        place,
        "row \(firstRow + piece * height + row), columns \(group * size) to \((group + 1) * size - 1) hold "
          + "a value that is not a finite number; such weights can't be quantized")
    }
    return QuantizedMatrix(parts: [codes, scales], error: QuantizationError(rows: errors))
  }
}
