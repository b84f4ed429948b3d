// softmax and its logarithms along an axis. The row's largest value is subtracted first, so that nothing overflows.

import CKernels

extension Tensor {
  /// exp(x) / Σ exp(x). dx = y (dy - y · dy)
  package func softmax(axis: Int) -> Tensor {
    let axis = self.axis(axis)
    let output = Tensor.alongRows(axis: axis, [detached()]) { VectorKernels.best.softmax($0[0], $1, $2, $3) }
    return Tensor.record("softmax", output: output, inputs: [self]) { upstream in
      [
        Tensor.alongRows(axis: axis, [output, upstream]) {
          VectorKernels.best.softmax_back($0[0], $0[1], $1, $2, $3)
        }
      ]
    }
  }

  /// x - log Σ exp(x). dx = dy - softmax(x) Σ dy
  package func logSoftmax(axis: Int) -> Tensor {
    let axis = self.axis(axis)
    let output = Tensor.alongRows(axis: axis, [detached()]) {
      VectorKernels.best.log_softmax($0[0], $1, $2, $3)
    }
    return Tensor.record("logSoftmax", output: output, inputs: [self]) { upstream in
      [
        Tensor.alongRows(axis: axis, [output, upstream]) {
          VectorKernels.best.log_softmax_back($0[0], $0[1], $1, $2, $3)
        }
      ]
    }
  }

  /// log Σ exp(x); the axis vanishes. dx = dy softmax(x)
  package func logSumExp(axis: Int) -> Tensor {
    let axis = self.axis(axis)
    var order = Array(shape.indices)
    order.append(order.remove(at: axis))
    let rows = axis == rank - 1 ? detached() : copied(along: layout.transposed(order))
    let width = shape[axis]
    let output = Tensor.uninitialized(Array(rows.shape.dropLast()))
    let (x, y) = (rows.source, output.target)
    VectorKernels.rows(output.count, width: width) { piece in
      VectorKernels.best.log_sum_exp(
        x + piece.lowerBound * width, y + piece.lowerBound, piece.count, width)
    }
    let input = detached()
    return Tensor.record("logSumExp", output: output, inputs: [self]) { upstream in
      var kept = input.shape
      kept[axis] = 1
      return [input.softmax(axis: axis) * upstream.viewed(as: kept)]
    }
  }
}
