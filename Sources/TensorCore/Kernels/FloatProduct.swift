// Products of two f32 matrices that are not stored weights: trained weights and their gradients, products of tensors.
// Large ones are the blocked product, which packs what its tasks share once; few rows, and the matrices of a batch, go to
// OpenBLAS on the thread that asks. Which of both is a matter of the shape alone.
//
// One Ice Lake thread, 2048 x 1536 x 576 to 512 x 8192 x 2048: 110 to 132 GFLOP/s, 62 to 75 % of the multiply-add peak and
// 1.04 to 1.10 times one call of OpenBLAS.

import CKernels
import COpenBLAS

package enum FloatProduct {
  /// The kernels that OpenBLAS chose for this machine, or was told to use by `OPENBLAS_CORETYPE`; rounding and speed
  /// depend on them.
  package static let libraryKernels = String(cString: openblas_get_corename())

  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// C = A · B (+ C if `accumulating`): A `[m, k]`, B `[k, n]` after transposing, C `[m, n]`; on this thread.
  static func multiplyAlone(
    m: Int, n: Int, k: Int, _ a: MatrixOperand, _ b: MatrixOperand, into c: UnsafeMutablePointer<Float>,
    stride: Int, accumulating: Bool = false
  ) {
    guard m > 0, n > 0 else { return }
    _ = singleThreaded
    cblas_sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), 1, a.address, blasint(max(1, a.stride)), b.address,
      blasint(max(1, b.stride)), accumulating ? 1 : 0, c, blasint(max(1, stride)))
  }

  /// The same on all threads.
  static func multiply(
    m: Int, n: Int, k: Int, _ a: MatrixOperand, _ b: MatrixOperand, into c: UnsafeMutablePointer<Float>,
    stride: Int, accumulating: Bool = false
  ) {
    guard m > Int(MLT_DOT_ROWS) else {
      let columns = max(16, (1 << 18) / max(1, m * k) / 16 * 16)
      return VectorKernels.pieces(n, grain: columns) { piece in
        multiplyAlone(
          m: m, n: piece.count, k: k, a, b.columns(from: piece.lowerBound), into: c + piece.lowerBound,
          stride: stride,
          accumulating: accumulating)
      }
    }
    // The second factor takes the place of the weights.
    let w = mlt_matrix(
      values: b.address, rows: Int64(b.isTransposed ? n : k), columns: Int64(b.isTransposed ? k : n),
      row_bytes: Int64(4 * b.stride), format: MLT_F32, scale_format: MLT_F32, scales: nil, biases: nil,
      group: 0, column_groups: nil)
    let kernels = BlockedProduct.kernels
    if b.isTransposed {
      BlockedProduct.run(
        BlockedProduct.pack(a, m: m, k: k, kernels), w, kernels, back: false, m: m, n: n, into: c,
        stride: stride, adding: accumulating)
    } else {
      BlockedProduct.multiplyBack(a, w, kernels, m: m, n: n, into: c, stride: stride, adding: accumulating)
    }
  }
}
