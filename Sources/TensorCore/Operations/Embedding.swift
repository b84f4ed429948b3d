// Rows of a table by number. Going back, rows that were read several times add up, in the order of reading.

import CKernels

extension Tensor {
  /// Rows of this table `[rows, …]`: the result is `ids.shape + […]`. Traps on an id outside the table.
  package func embedding(ids: Tensor) -> Tensor {
    let ids = ids.indices(below: shape[0], for: "embedding")
    let width = shape.dropFirst().reduce(1, *)
    let output = Tensor.uninitialized(ids.shape + shape.dropFirst(), dtype: dtype)
    let rowBytes = width * dtype.size
    let numbers = ids.indexSource
    for place in 0..<ids.count {
      (output.storage.address + place * rowBytes)
        .copyMemory(from: storage.address + Int(numbers[place]) * rowBytes, byteCount: rowBytes)
    }
    let table = shape
    return Tensor.record("embedding", output: output, inputs: [self]) { upstream in
      let gradient = Tensor.zeros(table)
      gradient.addRows(upstream, at: ids)
      return [gradient]
    }
  }

  /// Rows of this table by a list of ids.
  package func embedding(ids: [Int32]) -> Tensor { embedding(ids: Tensor(ids, shape: [ids.count])) }

  /// Adds row `i` of `source` to row `ids[i]` of this fresh tensor, in the order of `i`. Tasks own columns, so that
  /// the order does not depend on them.
  func addRows(_ source: Tensor, at ids: Tensor) {
    let width = shape.dropFirst().reduce(1, *)
    let (numbers, x, y) = (ids.indexSource, source.source, target)
    VectorKernels.pieces(width, grain: Swift.max(64, (1 << 18) / Swift.max(1, ids.count))) { columns in
      for place in 0..<ids.count {
        VectorKernels.best.accumulate(
          x + place * width + columns.lowerBound, 1, y + Int(numbers[place]) * width + columns.lowerBound,
          columns.count)
      }
    }
  }
}
