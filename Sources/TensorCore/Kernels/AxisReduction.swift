// Reductions over axes, by two kernels: along rows, and down columns. Not recorded.

import CKernels

extension Tensor {
  /// The elements whose indices differ only along `axes`, reduced to one; the axes vanish.
  ///
  /// Axes are counted from the front, ascending and distinct. Sums are kept in double and added in an order
  /// that only the shape decides.
  func reduced(_ operation: mlt_reduce, axes: [Int]) -> Tensor {
    let kept = shape.indices.filter { !axes.contains($0) }
    let output = Tensor.uninitialized(kept.map { shape[$0] })
    guard let first = axes.first, let last = axes.last else { return detached() }
    guard last - first + 1 == axes.count else {
      // Scattered axes are brought together at the end first.
      return copied(along: layout.transposed(kept + axes))
        .reduced(operation, axes: Array(kept.count..<rank))
    }
    let outer = shape[..<first].reduce(1, *)
    let length = shape[first...last].reduce(1, *)
    let inner = shape[(last + 1)...].reduce(1, *)
    precondition(length > 0 || operation == .sum, "the largest or smallest of no elements does not exist")
    let (x, y) = (source, output.target)
    if inner == 1, outer == 1, operation == .sum {
      y[0] = Float(VectorKernels.sum(x, length))
    } else if inner == 1 {
      VectorKernels.rows(outer, width: length) { rows in
        VectorKernels.best.reduce_rows(
          operation, x + rows.lowerBound * length, length, rows.count, length, y + rows.lowerBound)
      }
    } else {
      let strip = 256
      let strips = (inner + strip - 1) / strip
      VectorKernels.rows(outer * strips, width: length * Swift.min(inner, strip)) { tasks in
        for task in tasks {
          let (block, begin) = (task / strips, task % strips * strip)
          VectorKernels.best.reduce_columns(
            operation, x + block * length * inner + begin, inner, length, Swift.min(strip, inner - begin),
            y + block * inner + begin)
        }
      }
    }
    return output
  }
}

extension Tensor {
  /// The sum of the squares of all f32 elements, in double and in an order that only their number decides.
  package func sumOfSquares() -> Double {
    defer { withExtendedLifetime(storage) {} }
    return VectorKernels.sumOfSquares(source, count)
  }
}

extension VectorKernels {
  fileprivate static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    fold(count) { best.sum_of_squares(x + $0.lowerBound, $0.count) }
  }

  /// The sum of `count` elements in double: pieces of one size, added in their order.
  static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    fold(count) { best.sum(x + $0.lowerBound, $0.count) }
  }

  private static func fold(_ count: Int, _ partial: (Range<Int>) -> Double) -> Double {
    let grain = 1 << 16
    guard count > grain else { return partial(0..<count) }
    var partials = [Double](repeating: 0, count: (count + grain - 1) / grain)
    partials.withUnsafeMutableBufferPointer { results in
      let results = results  // each piece writes its own place
      pieces(count, grain: grain) { results[$0.lowerBound / grain] = partial($0) }
    }
    return partials.reduce(0, +)
  }
}
