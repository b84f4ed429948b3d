// Rows of a table by number. Going back, rows that were read several times add up, in the order of reading.

extension Tensor {
  /// Rows of this table `[rows, …]`: the result is `ids.shape + […]`.
  ///
  /// Traps on an id outside the table.
  /// - Parameter padding: a row that gets no gradient, as `padding_idx` of torch.nn.Embedding.
  package func embedding(ids: Tensor, padding: Int? = nil) -> Tensor {
    let numbers = ids.indices(below: shape[0], for: "embedding")
    let table = shape
    let output = selected(numbers, axis: 0).viewed(as: ids.shape + shape.dropFirst())
    return Tensor.record("embedding", output: output, inputs: [self]) { upstream in
      let gradient = Tensor.zeros(table)
      gradient.add(upstream, at: numbers, axis: 0)
      if let padding { gradient.clear(row: padding) }
      return [gradient]
    }
  }

  /// Rows of this table by a list of ids: `[ids.count, …]`.
  package func embedding(ids: [Int32], padding: Int? = nil) -> Tensor {
    embedding(ids: Tensor(ids, shape: [ids.count]), padding: padding)
  }

  /// A copy of `self` with slice j of `source` added to slice indices[j] along `axis`, in the order of j.
  package func indexAdd(axis: Int, indices: Tensor, source: Tensor) -> Tensor {
    let axis = self.axis(axis)
    var expected = shape
    expected[axis] = indices.count
    precondition(
      source.shape == expected && indices.rank == 1,
      "indexAdd along axis \(axis) of \(self) needs an index for each slice of \(source), not \(indices)")
    let numbers = indices.indices(below: shape[axis], for: "indexAdd")
    let output = copied(along: layout)
    output.add(source, at: numbers, axis: axis)
    return Tensor.record("indexAdd", output: output, inputs: [self, source]) { upstream, wanted in
      [upstream, wanted[1] ? upstream.selected(numbers, axis: axis) : nil]
    }
  }

  /// Sets a row to zeros, in place.
  private func clear(row: Int) {
    withMutableBytes { bytes in
      let size = bytes.count / shape[0]
      for byte in row * size..<(row + 1) * size { bytes[byte] = 0 }
    }
  }
}
