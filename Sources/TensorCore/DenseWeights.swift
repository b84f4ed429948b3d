// Weights stored as plain floats: f32, bf16 or f16, as model files hold them.
//
// f32 goes through the same blocked product as the other formats, not through OpenBLAS. Measured with 2048 x 2048 weights on
// one Ice Lake thread (peak 171 GFLOP/s in f32, 355 in integers of 16 bits; OpenBLAS 0.3.21: 124): 512 rows 130 to 144
// GFLOP/s exactly and 240 to 255 with 16 bits, 128 rows 200 to 215 with 16 bits, 32 rows 97 and 130; one row reads 9 to 12 GB/s.

import CKernels

/// Weights `[rows, columns]` in f32, bf16 or f16, often mapped from a file.
package final class DenseWeights: StoredWeights, @unchecked Sendable {  // immutable
  /// The values as they are stored.
  package let values: Tensor

  package let arithmetic: Arithmetic

  /// Takes a matrix of floats; types that no kernel reads are widened, those of at most 8 bits to bf16, f64 to f32.
  package init(_ values: Tensor, arithmetic: Arithmetic = .exact) {
    precondition(values.rank == 2, "\(values) is not a matrix")
    self.arithmetic = arithmetic
    switch values.dtype {
    case .f32, .bf16, .f16: self.values = values.detached()
    case .f64: self.values = values.detached().cast(to: .f32)
    default: self.values = values.detached().cast(to: .bf16)
    }
  }

  package var byteCount: Int { values.byteCount }

  var stored: mlt_matrix {
    let (rows, columns) = (values.shape[0], values.shape[1])
    return mlt_matrix(
      values: values.storage.address, rows: Int64(rows), columns: Int64(columns),
      row_bytes: Int64(columns * values.dtype.size), format: values.dtype.storedFormat, scale_format: MLT_F32,
      scales: nil, biases: nil, group: 0, column_groups: nil)
  }
}

extension DType {
  /// The type as `CKernels` calls it.
  package var storedFormat: mlt_format {
    switch self {
    case .f32: MLT_F32
    case .bf16: MLT_BF16
    case .f16: MLT_F16
    default: preconditionFailure("no kernel reads weights in \(self)")
    }
  }
}
