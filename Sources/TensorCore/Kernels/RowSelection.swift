// Slices along an axis by number: reading them, and adding to them. Not recorded.
//
// UNSAFE, on purpose: raw pointers. In bounds because the numbers were checked against the axis when they became i32.

import CKernels

extension Tensor {
  /// y[…, j, …] = x[…, ids[j], …] along `axis`; i32 `ids [n]`.
  func selected(_ ids: Tensor, axis: Int) -> Tensor {
    let view = AxisView(shape, axis: axis)
    var shape = shape
    shape[axis] = ids.count
    let output = Tensor.uninitialized(shape, dtype: dtype)
    let bytes = view.inner * dtype.size
    let numbers = ids.indexSource
    let (from, to) = (storage.address, output.storage.address)
    VectorKernels.rows(view.outer * ids.count, width: view.inner) { rows in
      for row in rows {
        let (block, place) = row.quotientAndRemainder(dividingBy: ids.count)
        (to + row * bytes).copyMemory(
          from: from + (block * view.length + Int(numbers[place])) * bytes, byteCount: bytes)
      }
    }
    return output
  }

  /// self[…, ids[j], …] += source[…, j, …] along `axis` of this fresh tensor, in the order of j.
  ///
  /// Tasks own columns, so the order does not depend on them.
  func add(_ source: Tensor, at ids: Tensor, axis: Int) {
    let view = AxisView(shape, axis: axis)
    let (numbers, x, y) = (ids.indexSource, source.source, target)
    let grain = Swift.max(64, (1 << 18) / Swift.max(1, ids.count * view.outer))
    VectorKernels.pieces(view.inner, grain: grain) { columns in
      for block in 0..<view.outer {
        for place in 0..<ids.count {
          VectorKernels.best.accumulate(
            x + (block * ids.count + place) * view.inner + columns.lowerBound, 1,
            y + (block * view.length + Int(numbers[place])) * view.inner + columns.lowerBound, columns.count)
        }
      }
    }
  }
}
