// How the blocked product of CKernels is spread over threads: X is packed into tiles once, then every piece of output
// columns packs its own part of W and runs over all of X. Pieces follow from the shape alone and each element is summed by
// one task, so the bits of a result do not depend on the number of threads.
//
// UNSAFE, on purpose: raw pointers. Each piece is in bounds because pieces partition the output.

import CKernels

/// A matrix of f32 in memory: row-major with `stride` elements between rows, read as it stands or transposed.
struct MatrixOperand {
  let address: UnsafePointer<Float>
  let stride: Int
  var isTransposed = false

  /// The columns from `first` on, counted after transposing.
  func columns(from first: Int) -> MatrixOperand {
    MatrixOperand(
      address: address + first * (isTransposed ? stride : 1), stride: stride, isTransposed: isTransposed)
  }
}

enum BlockedProduct {
  typealias Kernels = UnsafePointer<mlt_kernels>

  /// The best kernels for operands of f32 that this machine can run.
  nonisolated(unsafe) static let kernels: Kernels = {  // a constant of CKernels
    guard let best = mlt_kernels_available(0) else {
      preconditionFailure("the portable kernels run everywhere")
    }
    return best
  }()

  /// X `[m, k]`, after transposing, in the tiles of rows that the kernels want.
  ///
  /// Only kernels for operands of f32 read a matrix that lies transposed.
  static func pack(_ x: MatrixOperand, m: Int, k: Int, _ kernels: Kernels) -> Tensor {
    let mr = Int(kernels.pointee.mr)
    let packed = Tensor.uninitialized([Int(mlt_packed_lanes(kernels, Int64(m), Int64(k)))])
    let tiles = packed.target
    VectorKernels.rows((m + mr - 1) / mr, width: mr * k) { piece in
      (x.isTransposed ? mlt_pack_columns : mlt_pack_rows)(
        kernels, x.address, Int64(x.stride), Int64(m), Int64(k), Int64(piece.lowerBound * mr),
        Int64(min(m, piece.upperBound * mr)), tiles)
    }
    return packed
  }

  /// Y = X · W, or adds that to Y: X `[m, rows of W]`, of Y `[m, n]` the rows lie `stride` elements apart.
  ///
  /// Some columns of X are packed at a time, since the gradient of logits is too large to be held twice. They are whole
  /// blocks of k, so the order of the sums is that of one run.
  static func multiplyBack(
    _ x: MatrixOperand, _ w: mlt_matrix, _ kernels: Kernels, m: Int, n: Int,
    into y: UnsafeMutablePointer<Float>, stride: Int, adding: Bool
  ) {
    let (k, block) = (Int(w.rows), Int(kernels.pointee.k_block))
    let width = max(1, 2048 / block) * block
    for start in Swift.stride(from: 0, to: max(1, k), by: width) {
      let rows = start..<min(k, start + width)
      run(
        pack(x.columns(from: start), m: m, k: rows.count, kernels), w.part(rows), kernels, back: true, m: m,
        n: n, into: y,
        stride: stride, adding: adding || start > 0)
    }
  }

  /// Y = X · Wᵀ, or X · W going `back`, or adds that to Y.
  ///
  /// X is packed and has `m` rows; the rows of Y `[m, n]` lie `stride` elements apart.
  static func run(
    _ packed: Tensor, _ w: mlt_matrix, _ kernels: Kernels, back: Bool, m: Int, n: Int,
    into y: UnsafeMutablePointer<Float>, stride: Int, adding: Bool
  ) {
    guard (back ? w.rows : w.columns) > 0 else {
      if !adding { for row in 0..<m { (y + row * stride).update(repeating: 0, count: n) } }
      return
    }
    let tiles = packed.source
    // As many columns as a piece can have; narrow outputs take fewer, for the sake of balance.
    let nr = Int(kernels.pointee.nr)
    let panels = (n + nr - 1) / nr
    let grain = nr * max(1, min(Int(kernels.pointee.piece) / nr, panels / 8))
    // Memory for each thread and not for each task, so that as much is taken however the tasks fall.
    let pool = ThreadPool.shared
    let size = (Int(mlt_product_scratch(kernels, Int64(grain))) + 15) / 16 * 16
    let scratch = Tensor.uninitialized([pool.threads * size])
    let memory = scratch.target
    withUnsafePointer(to: w) { w in
      pool.run(
        (n + grain - 1) / grain,
        byWorker: { task, worker in
          let begin = task * grain
          mlt_product(
            kernels, w, back ? 1 : 0, Int64(m), tiles, Int64(begin), Int64(min(n, begin + grain)), y,
            Int64(stride), adding ? 1 : 0, memory + worker * size)
        })
    }
    withExtendedLifetime(scratch) {}
  }
}

extension mlt_matrix {
  /// Some of its rows.
  fileprivate func part(_ rows: Range<Int>) -> mlt_matrix {
    var part = self
    part.values = values.advanced(by: rows.lowerBound * Int(row_bytes))
    part.rows = Int64(rows.count)
    if group > 0 {
      let groups = column_groups == nil ? (columns + group - 1) / group : group
      let bytes = rows.lowerBound * Int(groups) * (scale_format == MLT_F32 ? 4 : 2)
      part.scales = scales.advanced(by: bytes)
      part.biases = biases?.advanced(by: bytes)
    }
    return part
  }
}
