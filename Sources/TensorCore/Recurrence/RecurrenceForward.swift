// A gated recurrence, forward: the equations are those of Recurrence.swift.

import CKernels

extension RecurrenceProblem {
  /// The output `[rows, heads, valueWidth]`, from empty memories.
  func forward() -> Tensor {
    let output = Tensor.uninitialized(value.shape)
    let (tasks, target) = (self.tasks, output.target)
    ThreadPool.shared.run(tasks.count) { index in
      let task = tasks[index]
      let memory = Tensor.uninitialized([task.heads.count * memorySize])
      forward(task, memory.target, isEmpty: true, into: target)
      withExtendedLifetime(memory) {}
    }
    return output
  }

  /// The output, and the memories at the end of each document.
  func forward(from memories: [Tensor?]) -> (output: Tensor, memories: [Tensor]) {
    precondition(
      memories.count == documents.count, "\(memories.count) memories for \(documents.count) documents")
    let shape = [heads, keyWidth, valueWidth]
    let output = Tensor.uninitialized(value.shape)
    let ends = zip(memories, documents).map { memory, document -> Tensor in
      precondition(memory.map { $0.shape == shape } ?? true, "a memory must have the shape \(shape)")
      if let memory { return memory.copied(along: memory.layout) }
      return document.isEmpty ? Tensor.zeros(shape) : Tensor.uninitialized(shape)
    }
    let (tasks, target, places) = (self.tasks, output.target, ends.map(\.target))
    ThreadPool.shared.run(tasks.count) { index in
      let task = tasks[index]
      forward(
        task, places[task.document] + task.heads.lowerBound * memorySize,
        isEmpty: memories[task.document] == nil, into: target)
    }
    return (output, ends)
  }

  /// Goes through a document.
  ///
  /// - Parameters:
  ///   - memory: of the task's heads, one after another; ends as it is after the last row.
  ///   - isEmpty: whether the memory begins with nothing, whatever it holds.
  private func forward(
    _ task: Task, _ memory: UnsafeMutablePointer<Float>, isEmpty: Bool,
    into output: UnsafeMutablePointer<Float>
  ) {
    let scratch = RecurrenceScratch(self, longest: documents[task.document].count)
    for chunk in chunks(task.document) {
      let isFirst = isEmpty && chunk.lowerBound == documents[task.document].lowerBound
      multiplyKeys(task, chunk, scratch, withQueries: true)
      for head in task.heads {
        let state = memory + (head - task.heads.lowerBound) * memorySize
        writes(head, task, chunk, state, isEmpty: isFirst, scratch, into: scratch.values)
        read(head, task, chunk, state, isEmpty: isFirst, scratch, into: output)
        advance(task, chunk, state, isEmpty: isFirst, scratch, writes: scratch.values)
      }
    }
    withExtendedLifetime(scratch) {}
  }

  // MARK: The parts of a chunk

  func queries(_ task: Task, _ chunk: Range<Int>) -> UnsafePointer<Float> {
    query.source + chunk.lowerBound * keyStride + task.keyHead * keyWidth
  }

  func keys(_ task: Task, _ chunk: Range<Int>) -> UnsafePointer<Float> {
    key.source + chunk.lowerBound * keyStride + task.keyHead * keyWidth
  }

  /// Q Kᵀ and K Kᵀ, which all heads of the task share.
  func multiplyKeys(_ task: Task, _ chunk: Range<Int>, _ scratch: RecurrenceScratch, withQueries: Bool) {
    let n = chunk.count
    let keys = MatrixOperand(address: keys(task, chunk), stride: keyStride)
    let turned = MatrixOperand(address: keys.address, stride: keyStride, isTransposed: true)
    if withQueries {
      let queries = MatrixOperand(address: queries(task, chunk), stride: keyStride)
      FloatProduct.multiplyAlone(
        m: n, n: n, k: keyWidth, queries, turned, into: scratch.scores, stride: n)
    }
    if rule == .delta {
      FloatProduct.multiplyAlone(m: n, n: n, k: keyWidth, keys, turned, into: scratch.overlaps, stride: n)
    }
  }

  /// What the rows write, U `[rows of the chunk, valueWidth]`; fills the sums of decay, L, and K S₀ where there is a memory.
  func writes(
    _ head: Int, _ task: Task, _ chunk: Range<Int>, _ memory: UnsafePointer<Float>, isEmpty: Bool,
    _ scratch: RecurrenceScratch, into writes: UnsafeMutablePointer<Float>
  ) {
    let (n, kernels) = (chunk.count, VectorKernels.best)
    let numbers = chunk.lowerBound * heads + head
    let steps = step.source + numbers
    let values = value.source + chunk.lowerBound * valueStride + head * valueWidth
    kernels.decay_sums(decay.source + numbers, heads, n, scratch.sums, scratch.grown, scratch.left)
    guard rule == .delta else {
      kernels.scale_rows(values, valueStride, steps, heads, writes, valueWidth, n, valueWidth)
      return
    }
    if isEmpty {
      kernels.scale_rows(values, valueStride, steps, heads, writes, valueWidth, n, valueWidth)
    } else {
      FloatProduct.multiplyAlone(
        m: n, n: valueWidth, k: keyWidth, MatrixOperand(address: keys(task, chunk), stride: keyStride),
        MatrixOperand(address: memory, stride: valueWidth), into: scratch.reads, stride: valueWidth)
      kernels.subtract_rows(values, valueStride, scratch.grown, scratch.reads, writes, n, valueWidth)
      kernels.scale_rows(writes, valueWidth, steps, heads, writes, valueWidth, n, valueWidth)
    }
    kernels.decay_scores(scratch.overlaps, scratch.sums, steps, heads, 1, n, scratch.lower)
    kernels.solve_rows(scratch.lower, 0, writes, n, valueWidth)
  }

  /// What the rows read, Y.
  private func read(
    _ head: Int, _ task: Task, _ chunk: Range<Int>, _ memory: UnsafePointer<Float>, isEmpty: Bool,
    _ scratch: RecurrenceScratch, into output: UnsafeMutablePointer<Float>
  ) {
    let (n, kernels) = (chunk.count, VectorKernels.best)
    let target = output + chunk.lowerBound * valueStride + head * valueWidth
    if !isEmpty {
      kernels.scale_rows(
        queries(task, chunk), keyStride, scratch.grown, 1, scratch.keys, keyWidth, n, keyWidth)
      FloatProduct.multiplyAlone(
        m: n, n: valueWidth, k: keyWidth, MatrixOperand(address: scratch.keys, stride: keyWidth),
        MatrixOperand(address: memory, stride: valueWidth), into: target, stride: valueStride)
    }
    kernels.decay_scores(scratch.scores, scratch.sums, nil, 0, 0, n, scratch.weights)
    FloatProduct.multiplyAlone(
      m: n, n: valueWidth, k: n, MatrixOperand(address: scratch.weights, stride: n),
      MatrixOperand(address: scratch.values, stride: valueWidth), into: target, stride: valueStride,
      accumulating: !isEmpty)
  }

  /// The memory after the chunk; leaves the keys in `scratch.keys`, each with what is left of its row.
  func advance(
    _ task: Task, _ chunk: Range<Int>, _ memory: UnsafeMutablePointer<Float>, isEmpty: Bool,
    _ scratch: RecurrenceScratch, writes: UnsafePointer<Float>
  ) {
    let (n, kernels) = (chunk.count, VectorKernels.best)
    kernels.scale_rows(keys(task, chunk), keyStride, scratch.left, 1, scratch.keys, keyWidth, n, keyWidth)
    if !isEmpty { kernels.affine(memory, scratch.grown[n - 1], 0, memory, memorySize) }
    FloatProduct.multiplyAlone(
      m: keyWidth, n: valueWidth, k: n,
      MatrixOperand(address: scratch.keys, stride: keyWidth, isTransposed: true),
      MatrixOperand(address: writes, stride: valueWidth), into: memory, stride: valueWidth,
      accumulating: !isEmpty)
  }
}
