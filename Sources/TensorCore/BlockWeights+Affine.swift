// Blocks of ggml and MLX's affine groups where both say the same: which is a change of order, not of values.
//
// UNSAFE, on purpose: pointers into tensors. Pieces partition the rows, and each writes only its own rows.

import CKernels

extension BlockFormat {
  /// Bits of the affine codes, in groups of 32, that hold exactly what the blocks do; nil where the grids differ.
  package var affineBits: Int? {
    let bits = Int(mlt_blocks_affine_bits(stored))
    return bits > 0 ? bits : nil
  }
}

extension BlockWeights {
  /// The blocks of some rows: u8 `[rows.count, bytes of a row]`.
  package func storedRows(_ rows: [Int32]) -> Tensor {
    let rowBytes = blocks.shape[1]
    let result = Tensor.uninitialized([rows.count, rowBytes], dtype: .u8)
    blocks.withBytes { source in
      result.withMutableBytes { target in
        for (place, row) in rows.enumerated() {
          let from = Int(row) * rowBytes
          UnsafeMutableRawBufferPointer(rebasing: target[place * rowBytes..<(place + 1) * rowBytes])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + rowBytes]))
        }
      }
    }
    return result
  }

  /// The same weights as codes, scales and biases of the affine format in groups of 32.
  ///
  /// - Returns: codes u32 `[rows, words]`, and f32 scales and biases `[rows, columns / 32]`: code · scale + bias is each value, bit
  ///   for bit. Nil where the grids differ.
  package func affine() -> (codes: Tensor, scales: Tensor, biases: Tensor)? {
    guard let bits = format.affineBits else { return nil }
    let codes = Tensor.uninitialized([rows, columns * bits / 32], dtype: .u32)
    let scales = Tensor.uninitialized([rows, columns / 32])
    let biases = Tensor.uninitialized([rows, columns / 32])
    let (format, columns, rowBytes) = (format.stored, columns, blocks.shape[1])
    let source = blocks.storage.address
    let target = codes.storage.address
    let (s, b) = (scales.target, biases.target)
    VectorKernels.rows(rows, width: columns) { piece in
      for row in piece {
        mlt_blocks_to_affine(
          format, source + row * rowBytes, Int64(columns), target + row * columns * bits / 8,
          s + row * columns / 32, b + row * columns / 32)
      }
    }
    withExtendedLifetime((self, codes)) {}
    return (codes, scales, biases)
  }
}

extension GroupedAffineWeights {
  /// Some rows as blocks of Q4_1 or, for 5 bits, Q5_1, which hold the same values: u8 `[rows.count, bytes of a row]`.
  ///
  /// - Returns: Nil when f16 does not hold a scale or a bias.
  /// - Precondition: codes have at most 5 bits.
  package func blocks(_ rows: [Int32]) -> Tensor? {
    precondition(bits <= 5, "no block of ggml has \(bits) bits and a bias")
    let rowBytes = columns / 32 * (bits == 5 ? 24 : 20)
    let result = Tensor.uninitialized([rows.count, rowBytes], dtype: .u8)
    var misfits = [Bool](repeating: false, count: rows.count)
    let target = result.storage.address
    misfits.withUnsafeMutableBufferPointer { misfits in
      nonisolated(unsafe) let misfits = misfits  // each piece writes its own places
      withUnsafePointer(to: stored) { matrix in
        nonisolated(unsafe) let matrix = matrix
        VectorKernels.rows(rows.count, width: columns) { piece in
          for place in piece {
            misfits[place] =
              mlt_blocks_from_affine(matrix, Int64(rows[place]), target + place * rowBytes) >= 0
          }
        }
      }
    }
    withExtendedLifetime((self, result)) {}
    return misfits.contains(true) ? nil : result
  }
}
