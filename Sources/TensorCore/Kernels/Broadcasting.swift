// Two operands of different shapes: how a binary kernel walks them.

import CKernels

extension Tensor {
  /// `kernel(a, b)` element by element, broadcast as NumPy does.
  ///
  /// Not recorded.
  static func combined(_ kernel: mlt_binary, _ a: Tensor, _ b: Tensor) -> Tensor {
    let shape = a.shape == b.shape ? a.shape : Layout.broadcast(a.shape, b.shape)
    let output = Tensor.uninitialized(shape)
    let (x, y, z) = (a.source, b.source, output.target)
    if a.count == output.count && b.count == output.count || a.count == 1 || b.count == 1 {
      let (stepA, stepB) = (a.count == output.count ? 1 : 0, b.count == output.count ? 1 : 0)
      VectorKernels.elements(output.count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.binary(
          kernel, x + start * stepA, stepA, y + start * stepB, stepB, z + start, piece.count)
      }
      return output
    }
    // Merged, the innermost axis has step 1 or 0 in each operand: the operands are contiguous.
    let layouts = Layout.merged([
      a.layout.broadcast(to: shape), b.layout.broadcast(to: shape), output.layout,
    ])
    guard let line = layouts[2].shape.last, output.count > 0 else { return output }
    let outer = layouts[2].shape.dropLast()
    VectorKernels.rows(output.count / line, width: line) { lines in
      for index in lines {
        var (rest, startA, startB) = (index, 0, 0)
        for axis in outer.indices.reversed() {
          let place = rest % outer[axis]
          rest /= outer[axis]
          startA += place * layouts[0].strides[axis]
          startB += place * layouts[1].strides[axis]
        }
        VectorKernels.best.binary(
          kernel, x + startA, layouts[0].strides[outer.count], y + startB, layouts[1].strides[outer.count],
          z + index * line, line)
      }
    }
    return output
  }

  /// Repeated to `shape` by NumPy's rules.
  ///
  /// Not recorded.
  func repeated(to shape: [Int]) -> Tensor {
    self.shape == shape ? detached() : copied(along: layout.broadcast(to: shape))
  }

  /// Summed over the axes along which `shape` was repeated to make this shape.
  ///
  /// Not recorded.
  func summed(to shape: [Int]) -> Tensor {
    guard self.shape != shape else { return detached() }
    let missing = rank - shape.count
    let axes = self.shape.indices.filter { $0 < missing || shape[$0 - missing] != self.shape[$0] }
    return reduced(.sum, axes: axes).viewed(as: shape)
  }
}
