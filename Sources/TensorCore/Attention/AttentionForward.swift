// Attention, forward: rows are cut into blocks that run in parallel. Where there are few rows, as in decoding, it is the
// keys that are cut too, and what the rows have summed over the parts is merged in the order of the keys.

import CKernels

extension AttentionProblem {
  /// What one task computes.
  private struct ForwardTask {
    let span: Int
    let kvHead: Int
    /// Rows of the span: its queries times the heads of the group.
    let rows: Range<Int>
    let keys: Range<Int>
    /// Where the sums are kept if these are not all keys, and the number of such parts if this is the first of them.
    var part: Int?
    var parts = 0

    var cost: Int { rows.count * keys.count }
  }

  private func forwardTasks() -> [ForwardTask] {
    var tasks: [ForwardTask] = []
    var parts = 0
    for (index, span) in spans.enumerated() where !span.queries.isEmpty {
      let total = span.queries.count * group
      if total <= AttentionProblem.fewRows {
        let visible = visibleKeys(index, queries: 0..<span.queries.count)
        let size = AttentionProblem.fewRowsKeys
        let cuts = Array(stride(from: visible.lowerBound / size * size, to: visible.upperBound, by: size))
        for kvHead in 0..<kvHeads {
          for first in cuts {
            var task = ForwardTask(
              span: index, kvHead: kvHead, rows: 0..<total,
              keys: first..<Swift.min(first + size, visible.upperBound))
            if cuts.count > 1 {
              task.part = parts
              task.parts = first == cuts[0] ? cuts.count : 0
              parts += 1
            }
            tasks.append(task)
          }
        }
        continue
      }
      for first in stride(from: 0, to: total, by: AttentionProblem.rowBlock) {
        let block = first..<Swift.min(first + AttentionProblem.rowBlock, total)
        let visible = visibleKeys(
          index, queries: block.lowerBound / group..<(block.upperBound - 1) / group + 1)
        let start = visible.lowerBound / Int(MLT_ATTENTION_KEYS) * Int(MLT_ATTENTION_KEYS)
        for kvHead in 0..<kvHeads {
          tasks.append(
            ForwardTask(span: index, kvHead: kvHead, rows: block, keys: start..<visible.upperBound))
        }
      }
    }
    // The longest first, so that no thread is left with one at the end.
    return tasks.sorted { $0.cost > $1.cost }
  }

  /// The output `[rows, heads, d]`, and the log-sum-exp of each row's scores `[heads, rows]` if it is wanted.
  func forward(withLogSumExp: Bool) -> (output: Tensor, logSumExp: Tensor?) {
    let output = Tensor.uninitialized(query.shape)
    let logSumExp = withLogSumExp ? Tensor.uninitialized([heads, rows]) : nil
    let tasks = forwardTasks()
    let kernels = VectorKernels.best
    let partSize = kernels.attention_sizes(width, AttentionProblem.fewRows).state
    let parts = Tensor.uninitialized([tasks.count { $0.part != nil }, partSize])
    let states = parts.target

    func finish(_ task: ForwardTask, _ arguments: mlt_attention, _ state: UnsafeMutablePointer<Float>) {
      var arguments = arguments
      kernels.attend_finish(
        &arguments, task.rows.lowerBound, task.rows.count, state,
        sinks.map { $0.source + task.kvHead * group },
        output.target + place(task.span, kvHead: task.kvHead),
        logSumExp.map { $0.target + statisticsPlace(task.span, kvHead: task.kvHead) }, rows)
    }

    ThreadPool.shared.run(tasks.count) { index in
      let task = tasks[index]
      var arguments = arguments(task.span, kvHead: task.kvHead)
      let sizes = kernels.attention_sizes(width, task.rows.count)
      let memory = Tensor.uninitialized([sizes.state + sizes.scratch])
      let state = task.part.map { states + $0 * partSize } ?? memory.target
      kernels.attend(
        &arguments, task.rows.lowerBound, task.rows.count, task.keys.lowerBound, task.keys.upperBound, state,
        memory.target + sizes.state)
      if task.part == nil { finish(task, arguments, state) }
    }
    let firsts = tasks.filter { $0.parts > 0 }
    ThreadPool.shared.run(firsts.count) { index in
      guard let first = firsts[index].part else { return }
      for part in first + 1..<first + firsts[index].parts {
        kernels.attend_merge(
          width, firsts[index].rows.count, states + first * partSize, states + part * partSize)
      }
      finish(
        firsts[index], arguments(firsts[index].span, kvHead: firsts[index].kvHead), states + first * partSize)
    }
    return (output, logSumExp)
  }
}
