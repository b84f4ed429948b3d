// Matrix products of tensors. With C = A B: dA = dC Bᵀ, dB = Aᵀ dC.

extension Tensor {
  /// `[…, m, k] · […, k, n]`; the leading axes broadcast as NumPy does.
  package func matmul(_ other: Tensor) -> Tensor {
    precondition(
      rank >= 2 && other.rank >= 2 && shape[rank - 1] == other.shape[other.rank - 2],
      "\(self) and \(other) cannot be multiplied")
    let batch = Layout.broadcast(Array(shape.dropLast(2)), Array(other.shape.dropLast(2)))
    let (a, b) = (detached(), other.detached())
    return Tensor.record("matmul", output: BatchedProduct(a, b, batch: batch).run(), inputs: [self, other]) {
      upstream, wanted in
      [
        wanted[0]
          ? BatchedProduct(upstream, b, transposingB: true, batch: batch).run().summed(to: a.shape) : nil,
        wanted[1]
          ? BatchedProduct(a, upstream, transposingA: true, batch: batch).run().summed(to: b.shape) : nil,
      ]
    }
  }

  /// x · Wᵀ for a trainable weight: `[…, in]` by `[out, in]` gives `[…, out]`.
  ///
  /// dx = dy W, dW = dyᵀ x.
  package func linear(_ weight: Tensor) -> Tensor {
    precondition(
      rank >= 1 && weight.rank == 2 && shape.last == weight.shape[1],
      "\(self) cannot be multiplied by a weight \(weight) [out, in]")
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let rows = shape.dropLast().reduce(1, *)
    let (x, w) = (detached(), weight.detached())
    let output = Tensor.uninitialized(shape.dropLast() + [outputs])
    FloatProduct.multiply(
      m: rows, n: outputs, k: inputs, x.operand(stride: inputs), w.operand(stride: inputs, transposed: true),
      into: output.target, stride: outputs)
    let saved = weight.requiresGradient ? Saved(self) : nil
    let xShape = shape
    return Tensor.record("linear", output: output, inputs: [self, weight]) { upstream, wanted in
      var dx: Tensor?
      if wanted[0] {
        let gradient = Tensor.uninitialized(xShape)
        FloatProduct.multiply(
          m: rows, n: inputs, k: outputs, upstream.operand(stride: outputs), w.operand(stride: inputs),
          into: gradient.target, stride: inputs)
        dx = gradient
      }
      let dWeight = saved.map { saved in
        let x = saved.value
        let gradient = Tensor.uninitialized([outputs, inputs])
        FloatProduct.multiply(
          m: outputs, n: inputs, k: rows, upstream.operand(stride: outputs, transposed: true),
          x.operand(stride: inputs), into: gradient.target, stride: inputs)
        return gradient
      }
      return [dx, dWeight]
    }
  }

  /// x · Wᵀ for a frozen weight in any format: `[…, columns]` gives `[…, rows]`.
  ///
  /// Only x has a gradient: dx = dy W.
  package func linear(_ weight: any WeightMatrix) -> Tensor {
    precondition(
      shape.last == weight.columns,
      "\(self) cannot be multiplied by a weight [\(weight.rows), \(weight.columns)]")
    return reshaped([shape.dropLast().reduce(1, *), weight.columns])
      .linears([LinearTerm(weight: weight)])[0].reshaped(shape.dropLast() + [weight.rows])
  }

  /// The elements as a matrix for `FloatProduct`.
  func operand(stride: Int, transposed: Bool = false) -> MatrixOperand {
    MatrixOperand(address: source, stride: stride, isTransposed: transposed)
  }
}

/// Products of the matrices in the last two axes, for every index of the broadcast leading axes.
private struct BatchedProduct {
  let a: Tensor
  let b: Tensor
  let transposingA: Bool
  let transposingB: Bool
  let batch: [Int]

  init(_ a: Tensor, _ b: Tensor, transposingA: Bool = false, transposingB: Bool = false, batch: [Int]) {
    self.a = a
    self.b = b
    self.transposingA = transposingA
    self.transposingB = transposingB
    self.batch = batch
  }

  func run() -> Tensor {
    let (rowsA, columnsA) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
    let (rowsB, columnsB) = (b.shape[b.rank - 2], b.shape[b.rank - 1])
    let (m, k) = transposingA ? (columnsA, rowsA) : (rowsA, columnsA)
    let n = transposingB ? rowsB : columnsB
    let output = Tensor.uninitialized(batch + [m, n])
    let startsA = starts(of: a, size: rowsA * columnsA)
    let startsB = starts(of: b, size: rowsB * columnsB)
    let (x, y, z) = (a.source, b.source, output.target)
    func operands(_ index: Int) -> (MatrixOperand, MatrixOperand) {
      (
        MatrixOperand(address: x + startsA[index], stride: columnsA, isTransposed: transposingA),
        MatrixOperand(address: y + startsB[index], stride: columnsB, isTransposed: transposingB)
      )
    }
    if startsA.count == 1 {
      let (left, right) = operands(0)
      FloatProduct.multiply(m: m, n: n, k: k, left, right, into: z, stride: n)
    } else {
      ThreadPool.shared.run(startsA.count) { index in
        let (left, right) = operands(index)
        FloatProduct.multiplyAlone(m: m, n: n, k: k, left, right, into: z + index * m * n, stride: n)
      }
    }
    return output
  }

  /// Where each batch's matrix begins, in elements.
  private func starts(of tensor: Tensor, size: Int) -> [Int] {
    let layout = Layout(contiguous: Array(tensor.shape.dropLast(2))).broadcast(to: batch)
    return (0..<batch.reduce(1, *)).map { index in
      var (rest, start) = (index, 0)
      for axis in batch.indices.reversed() {
        start += rest % batch[axis] * layout.strides[axis]
        rest /= batch[axis]
      }
      return start * size
    }
  }
}
