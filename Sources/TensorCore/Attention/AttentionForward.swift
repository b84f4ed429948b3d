// Attention, forward: FlashAttention-2, algorithm 1.

import CKernels
import Glibc

extension AttentionProblem {
  /// What one task computes.
  ///
  /// Its rows are the queries of a block of one head; or, where a block is a single query, as in
  /// decoding, the heads that share a key head, so that keys are read once for all of them.
  private struct ForwardTask {
    let block: QueryBlock
    let head: Int
    let rows: Int
    /// From one row to the next, in queries and outputs, and in the log-sum-exp.
    let stride: Int
    let logSumExpStride: Int
    /// Whether a row is a head and not a query.
    var rowsAreHeads: Bool { block.range.count == 1 }
  }

  private var forwardTasks: [ForwardTask] {
    spans.flatMap(AttentionProblem.blocks).flatMap { block in
      block.range.count == 1
        ? stride(from: 0, to: heads, by: group).map {
          ForwardTask(block: block, head: $0, rows: group, stride: width, logSumExpStride: rows)
        }
        : (0..<heads).map {
          ForwardTask(
            block: block, head: $0, rows: block.range.count, stride: heads * width, logSumExpStride: 1)
        }
    }
  }

  /// The output `[rows, heads, d]`, and the log-sum-exp of each row's scores `[heads, rows]`.
  func forward() -> (output: Tensor, logSumExp: Tensor) {
    let output = Tensor.uninitialized(query.shape)
    let logSumExp = Tensor.uninitialized([heads, rows])
    let tasks = forwardTasks
    let (out, lse) = (output.target, logSumExp.target)
    ThreadPool.shared.run(tasks.count) { index in
      let task = tasks[index]
      run(
        task, into: out + (task.block.firstRow * heads + task.head) * width,
        logSumExp: lse + task.head * rows + task.block.firstRow)
    }
    return (output, logSumExp)
  }

  private func run(
    _ task: ForwardTask, into out: UnsafeMutablePointer<Float>, logSumExp: UnsafeMutablePointer<Float>
  ) {
    let (block, count, kvHead) = (task.block, task.rows, task.head / group)
    let queries = MatrixOperand(
      address: rowsOfHead(query, row: block.firstRow, head: task.head).address, stride: task.stride)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count * (AttentionProblem.keyBlock + 2)) {
      scratch in
      guard let scores = scratch.baseAddress else { return }
      let maxima = scores + count * AttentionProblem.keyBlock
      let totals = maxima + count
      for row in 0..<count {
        // A sink is a key that every query sees first and that has no value.
        maxima[row] = sinks.map { $0.source[task.head + (task.rowsAreHeads ? row : 0)] } ?? -.infinity
        totals[row] = sinks == nil ? 0 : 1
        (out + row * task.stride).update(repeating: 0, count: width)
      }
      for keys in keyBlocks(visibleKeys(block)) {
        let firstKey = block.span.keys.lowerBound + keys.lowerBound
        FloatProduct.multiplyTile(
          m: count, n: keys.count, k: width, queries,
          rowsOfHead(key, row: firstKey, head: kvHead, transposed: true), scale: scale, into: scores,
          stride: keys.count)
        VectorKernels.best.attend(
          scores, keys.count, count, keys.count, band(block, keys), softcap, maxima, totals, out, task.stride,
          width)
        FloatProduct.multiplyTile(
          m: count, n: width, k: keys.count, MatrixOperand(address: scores, stride: keys.count),
          rowsOfHead(value, row: firstKey, head: kvHead), into: out, stride: task.stride, accumulating: true)
      }
      for row in 0..<count {
        let place = out + row * task.stride
        VectorKernels.best.affine(place, 1 / totals[row], 0, place, width)
        logSumExp[row * task.logSumExpStride] = maxima[row] + log(totals[row])
      }
    }
  }
}
