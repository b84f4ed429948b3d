// Gradients that are sums over rows, such as those of norm weights: partial sums over pieces of rows, which then are
// added in their order.

import CKernels

enum RowPartials {
  /// Runs `kernel` over pieces of rows, each with `sums` vectors of `width` elements to write its partial sums into,
  /// and adds these up.
  ///
  /// - Returns: `[sums, width]`; nil if no sums are wanted, and then `kernel` gets no place for them.
  static func sum(
    rows: Int, width: Int, sums: Int, _ kernel: (Range<Int>, UnsafeMutablePointer<Float>?) -> Void
  ) -> Tensor? {
    let grain = Swift.max(16, (1 << 15) / Swift.max(1, width))
    let count = (rows + grain - 1) / grain
    let partials = sums > 0 ? Tensor.uninitialized([count, sums, width]) : nil
    let target = partials?.target
    VectorKernels.pieces(rows, grain: grain) { piece in
      kernel(piece, target.map { $0 + piece.lowerBound / grain * sums * width })
    }
    return partials?.reduced(.sum, axes: [0])
  }
}
