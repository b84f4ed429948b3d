// f32 matrix products: OpenBLAS on tiles. The library runs on the calling thread; the tiles run in our pool. How a
// product is tiled depends on its shape alone and every tile sums over all of k, so the bits of a result do not
// depend on the number of threads.

import COpenBLAS

/// A matrix in memory: row-major with `stride` elements between rows, read as it stands or transposed.
struct MatrixOperand {
  let address: UnsafePointer<Float>
  let stride: Int
  var isTransposed = false
}

package enum FloatProduct {
  /// The kernels that OpenBLAS chose for this machine, or was told to use by `OPENBLAS_CORETYPE`; rounding and speed
  /// depend on them.
  package static let libraryKernels = String(cString: openblas_get_corename())

  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// C = scale · A · B (+ C if `accumulating`): A `[m, k]`, B `[k, n]` after transposing, C `[m, n]`; on this thread.
  static func multiplyTile(
    m: Int, n: Int, k: Int, _ a: MatrixOperand, _ b: MatrixOperand, scale: Float = 1,
    into c: UnsafeMutablePointer<Float>, stride: Int, accumulating: Bool = false
  ) {
    guard m > 0, n > 0 else { return }
    _ = singleThreaded
    cblas_sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), scale, a.address, blasint(max(1, a.stride)), b.address,
      blasint(max(1, b.stride)), accumulating ? 1 : 0, c, blasint(max(1, stride)))
  }

  /// The same, cut into tiles that run in parallel.
  static func multiply(
    m: Int, n: Int, k: Int, _ a: MatrixOperand, _ b: MatrixOperand, into c: UnsafeMutablePointer<Float>,
    stride: Int,
    accumulating: Bool = false
  ) {
    let tiling = Tiling(m: m, n: n, k: k)
    ThreadPool.shared.run(tiling.rows * tiling.columns) { tile in
      let rows = tiling.rowRange(tile / tiling.columns)
      let columns = tiling.columnRange(tile % tiling.columns)
      multiplyTile(
        m: rows.count, n: columns.count, k: k,
        MatrixOperand(
          address: a.address + rows.lowerBound * (a.isTransposed ? 1 : a.stride), stride: a.stride,
          isTransposed: a.isTransposed),
        MatrixOperand(
          address: b.address + columns.lowerBound * (b.isTransposed ? b.stride : 1), stride: b.stride,
          isTransposed: b.isTransposed),
        into: c + rows.lowerBound * stride + columns.lowerBound, stride: stride, accumulating: accumulating)
    }
  }

  /// Near-square tiles of some 384 on a side, since a tile packs its operands anew; smaller where there would be
  /// fewer than four, as long as each keeps a few million multiplications.
  private struct Tiling {
    let m: Int
    let n: Int
    var rows: Int
    var columns: Int

    init(m: Int, n: Int, k: Int) {
      self.m = m
      self.n = n
      rows = max(1, (m + 192) / 384)
      columns = max(1, (n + 192) / 384)
      while rows * columns < 4, m * n * k / (rows * columns) > 1 << 22 {
        if m / rows > n / columns { rows *= 2 } else { columns *= 2 }
      }
    }

    func rowRange(_ index: Int) -> Range<Int> { Tiling.part(index, of: rows, m) }

    func columnRange(_ index: Int) -> Range<Int> { Tiling.part(index, of: columns, n) }

    /// Parts end at multiples of 16, the kernels' register tile.
    private static func part(_ index: Int, of parts: Int, _ extent: Int) -> Range<Int> {
      func edge(_ index: Int) -> Int {
        index == parts ? extent : min(extent, (extent * index / parts + 15) / 16 * 16)
      }
      return edge(index)..<edge(index + 1)
    }
  }
}
