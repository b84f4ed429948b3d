// Attention, forward: FlashAttention-2, algorithm 1. A task is one block of queries of one head.

import CKernels
import Glibc

extension AttentionProblem {
  /// The output `[rows, heads, d]`, and the log-sum-exp of each row's scores `[heads, rows]`.
  func forward() -> (output: Tensor, logSumExp: Tensor) {
    let output = Tensor.uninitialized(query.shape)
    let logSumExp = Tensor.uninitialized([heads, rows])
    let blocks = spans.flatMap(AttentionProblem.blocks)
    let (out, lse, sinkLogits) = (output.target, logSumExp.target, sinks?.source)
    ThreadPool.shared.run(blocks.count * heads) { task in
      let (block, head) = (blocks[task / heads], task % heads)
      forward(
        block, head: head, sink: sinkLogits.map { $0[head] },
        into: out + (block.firstRow * heads + head) * width,
        logSumExp: lse + head * rows + block.firstRow)
    }
    return (output, logSumExp)
  }

  private func forward(
    _ block: QueryBlock, head: Int, sink: Float?, into out: UnsafeMutablePointer<Float>,
    logSumExp: UnsafeMutablePointer<Float>
  ) {
    let (count, stride) = (block.range.count, heads * width)
    let visible = visibleKeys(block)
    let queries = rowsOfHead(query, row: block.firstRow, head: head)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count * (AttentionProblem.keyBlock + 2)) {
      scratch in
      guard let scores = scratch.baseAddress else { return }
      let (maxima, totals) = (
        scores + count * AttentionProblem.keyBlock, scores + count * (AttentionProblem.keyBlock + 1)
      )
      // The sink is a key that every query sees first and that has no value.
      maxima.update(repeating: sink ?? -.infinity, count: count)
      totals.update(repeating: sink == nil ? 0 : 1, count: count)
      for row in 0..<count { (out + row * stride).update(repeating: 0, count: width) }
      for keys in keyBlocks(visible) {
        let firstKey = block.span.keys.lowerBound + keys.lowerBound
        FloatProduct.multiplyTile(
          m: count, n: keys.count, k: width, queries,
          rowsOfHead(key, row: firstKey, head: head / group, transposed: true), scale: scale, into: scores,
          stride: keys.count)
        VectorKernels.best.attend(
          scores, keys.count, count, keys.count, band(block, keys), softcap, maxima, totals, out, stride,
          width)
        FloatProduct.multiplyTile(
          m: count, n: width, k: keys.count, MatrixOperand(address: scores, stride: keys.count),
          rowsOfHead(value, row: firstKey, head: head / group), into: out, stride: stride, accumulating: true)
      }
      for row in 0..<count {
        VectorKernels.best.affine(out + row * stride, 1 / totals[row], 0, out + row * stride, width)
        logSumExp[row] = maxima[row] + log(totals[row])
      }
    }
  }
}
