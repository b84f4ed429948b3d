// Attention, backward: FlashAttention-2, algorithm 2. With P = softmax(S), delta = rowsum(dO ∘ O):
//   dV = Pᵀ dO,  dP = dO Vᵀ,  dS = P ∘ (dP - delta),  dQ = scale dS K,  dK = scale dSᵀ Q,
// and for a sink with probability p in a row, which has no value: d sink = -p delta.
//
// A task is all of one span that reads one key head, so that no two tasks add to the same place; inside it the order
// of the sums is that of the blocks.

import CKernels
import Glibc

extension AttentionProblem {
  struct AttentionGradients {
    let query: Tensor
    let key: Tensor
    let value: Tensor
    let sinks: Tensor?
  }

  func backward(output: Tensor, logSumExp: Tensor, upstream: Tensor) -> AttentionGradients {
    let byKeys = spans.sorted { $0.keys.lowerBound < $1.keys.lowerBound }
    precondition(
      zip(byKeys, byKeys.dropFirst()).allSatisfy { $0.keys.upperBound <= $1.keys.lowerBound },
      "attention gradients need spans whose keys do not overlap")
    let gradients = AttentionGradients(
      query: .zeros(query.shape), key: .zeros(key.shape), value: .zeros(value.shape),
      sinks: sinks.map { .zeros($0.shape) })
    let delta = Tensor.uninitialized([heads, rows])
    let stride = heads * width
    let (o, dO, d) = (output.source, upstream.source, delta.target)
    ThreadPool.shared.run(heads) { head in
      VectorKernels.best.dot_rows(
        dO + head * width, stride, o + head * width, stride, rows, width, d + head * rows)
    }
    ThreadPool.shared.run(spans.count * kvHeads) { task in
      backward(
        spans[task / kvHeads], kvHead: task % kvHeads, logSumExp: logSumExp, delta: delta, upstream: upstream,
        into: gradients)
    }
    if let sinks, let sinkGradients = gradients.sinks {
      let (lse, delta, logits, target) = (logSumExp.source, delta.source, sinks.source, sinkGradients.target)
      for head in 0..<heads {
        var sum = 0.0
        for row in head * rows..<(head + 1) * rows {
          sum -= Double(exp(logits[head] - lse[row]) * delta[row])
        }
        target[head] = Float(sum)
      }
    }
    return gradients
  }

  private func backward(
    _ span: AttentionSpan, kvHead: Int, logSumExp: Tensor, delta: Tensor, upstream: Tensor,
    into gradients: AttentionGradients
  ) {
    let blocks = AttentionProblem.blocks(of: span)
    let size = AttentionProblem.queryBlock * AttentionProblem.keyBlock
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { scratch in
      guard let scores = scratch.baseAddress else { return }
      let dScores = scores + size
      for head in kvHead * group..<(kvHead + 1) * group {
        for block in blocks {
          let (row, count) = (block.firstRow, block.range.count)
          for keys in keyBlocks(visibleKeys(block)) {
            let (firstKey, n) = (span.keys.lowerBound + keys.lowerBound, keys.count)
            FloatProduct.multiplyTile(
              m: count, n: n, k: width, rowsOfHead(query, row: row, head: head),
              rowsOfHead(key, row: firstKey, head: kvHead, transposed: true), scale: scale, into: scores,
              stride: n)
            FloatProduct.multiplyTile(
              m: count, n: n, k: width, rowsOfHead(upstream, row: row, head: head),
              rowsOfHead(value, row: firstKey, head: kvHead, transposed: true), into: dScores, stride: n)
            VectorKernels.best.attend_back(
              scores, dScores, n, count, n, band(block, keys), softcap, logSumExp.source + head * rows + row,
              delta.source + head * rows + row)
            FloatProduct.multiplyTile(
              m: n, n: width, k: count, MatrixOperand(address: scores, stride: n, isTransposed: true),
              rowsOfHead(upstream, row: row, head: head), into: place(gradients.value, firstKey, kvHead),
              stride: kvHeads * width, accumulating: true)
            FloatProduct.multiplyTile(
              m: count, n: width, k: n, MatrixOperand(address: dScores, stride: n),
              rowsOfHead(key, row: firstKey, head: kvHead), scale: scale,
              into: place(gradients.query, row, head),
              stride: heads * width, accumulating: true)
            FloatProduct.multiplyTile(
              m: n, n: width, k: count, MatrixOperand(address: dScores, stride: n, isTransposed: true),
              rowsOfHead(query, row: row, head: head), scale: scale,
              into: place(gradients.key, firstKey, kvHead),
              stride: kvHeads * width, accumulating: true)
          }
        }
      }
    }
  }

  private func place(_ tensor: Tensor, _ row: Int, _ head: Int) -> UnsafeMutablePointer<Float> {
    tensor.target + (row * tensor.shape[1] + head) * width
  }
}
