// Elements by index along an axis, and their adjoint, adding elements at indices. Each is the other's gradient.

import CKernels

extension Tensor {
  /// y[…, j, …] = x[…, indices[…, j, …], …] along `axis`, as torch.gather; `indices` has the shape of `self` but
  /// along `axis`.
  package func gathered(axis: Int, indices: Tensor) -> Tensor {
    let axis = self.axis(axis)
    let ids = checked(indices, axis: axis, for: "gathered")
    let inputShape = shape
    return Tensor.record("gather", output: gather(ids, axis: axis), inputs: [self]) { upstream in
      let gradient = Tensor.zeros(inputShape)
      gradient.scatter(upstream, ids, axis: axis)
      return [gradient]
    }
  }

  /// A copy of `self` with source[…, j, …] added at indices[…, j, …] along `axis`, in the order of j, as
  /// torch.scatter_add.
  package func scatterAdd(axis: Int, indices: Tensor, source: Tensor) -> Tensor {
    let axis = self.axis(axis)
    let ids = checked(indices, axis: axis, for: "scatterAdd")
    precondition(source.shape == ids.shape, "scatterAdd needs an index for each element of \(source)")
    let output = copied(along: layout)
    output.scatter(source, ids, axis: axis)
    return Tensor.record("scatterAdd", output: output, inputs: [self, source]) { upstream, wanted in
      [upstream, wanted[1] ? upstream.gather(ids, axis: axis) : nil]
    }
  }

  /// The `k` largest elements of each row (the last axis), largest first, and where they are (i32).
  ///
  /// Of equal elements the first comes first. The values have a gradient.
  package func topK(_ k: Int) -> (values: Tensor, indices: Tensor) {
    let width = shape.last ?? 0
    precondition(k >= 1 && k <= width, "\(self) has no \(k) largest elements in a row")
    let indices = Tensor.uninitialized(shape.dropLast() + [k], dtype: .i32)
    let x = source
    indices.withMutableBytes { bytes in
      guard let y = bytes.bindMemory(to: Int32.self).baseAddress else { return }
      VectorKernels.rows(count / width, width: width) { rows in
        mlt_top_k(x + rows.lowerBound * width, rows.count, width, k, y + rows.lowerBound * k)
      }
    }
    return (gathered(axis: -1, indices: indices), indices)
  }

  private func checked(_ indices: Tensor, axis: Int, for operation: String) -> Tensor {
    var expected = shape
    if indices.rank == rank { expected[axis] = indices.shape[axis] }
    precondition(
      indices.shape == expected, "\(operation) along axis \(axis) of \(self) cannot use indices \(indices)")
    return indices.indices(below: shape[axis], for: operation)
  }

  private func gather(_ ids: Tensor, axis: Int) -> Tensor {
    let view = AxisView(shape, axis: axis)
    let output = Tensor.uninitialized(ids.shape)
    mlt_gather(source, view.outer, view.length, view.inner, ids.indexSource, ids.shape[axis], output.target)
    return output
  }

  private func scatter(_ other: Tensor, _ ids: Tensor, axis: Int) {
    let view = AxisView(shape, axis: axis)
    mlt_scatter_add(
      other.source, view.outer, ids.shape[axis], view.inner, ids.indexSource, view.length, target)
  }
}
