// A gated recurrence, backward: a task computes the memories before its chunks again, then goes through these from the last
// to the first with the gradient of the memory, dS. With the names of Recurrence.swift, M = D Q Kᵀ and w = e^(c[last] − c):
//
//     dU = Mᵀ dY + w K dS;    delta: (1 + L)ᵀ Z = dU;    additive: Z = dU
//     dV = s Z,               ds = rowsum(Z · (V − e^c K S₀)) and what L gives it
//     dM = dY Uᵀ,             dL = −Z Uᵀ, each times its decays: the gradients of Q Kᵀ and K Kᵀ
//     dQ = (dM D) K + e^c dY S₀ᵀ
//     dK = (dM D)ᵀ Q + w U dSᵀ + (dL s D + its transpose) K − s e^c Z S₀ᵀ
//     dS₀ = e^c[last] dS + Qᵀ (e^c dY) − Kᵀ (s e^c Z)
//
// Every e^c[i] passes its factor's gradient times itself to c[i], and dg is the sum of dc over the later rows of the chunk.

import CKernels

extension RecurrenceProblem {
  /// The gradients of query, key, value, decay and step.
  func backward(_ upstream: Tensor) -> [Tensor] {
    // Heads that share a key add to its gradient: each part in a tensor of its own, added in their order at the end.
    let parts = (0..<self.parts).map { _ in
      (query: Tensor.uninitialized(query.shape), key: Tensor.uninitialized(key.shape))
    }
    let dValue = Tensor.uninitialized(value.shape)
    let (dDecay, dStep) = (Tensor.uninitialized(decay.shape), Tensor.uninitialized(step.shape))
    let tasks = self.tasks
    ThreadPool.shared.run(tasks.count) { index in
      let part = parts[tasks[index].part]
      RecurrenceTaskBackward(
        self, tasks[index], upstream: upstream, dQuery: part.query, dKey: part.key, dValue: dValue,
        dDecay: dDecay, dStep: dStep
      ).run()
    }
    for part in parts.dropFirst() {
      for (sum, other) in [(parts[0].query, part.query), (parts[0].key, part.key)] {
        let (from, to) = (other.source, sum.target)
        VectorKernels.elements(sum.count) {
          VectorKernels.best.accumulate(from + $0.lowerBound, 1, to + $0.lowerBound, $0.count)
        }
      }
    }
    return [parts[0].query, parts[0].key, dValue, dDecay, dStep]
  }
}

/// The way of a task back through its document.
private struct RecurrenceTaskBackward {
  let problem: RecurrenceProblem
  let task: RecurrenceProblem.Task
  let upstream: Tensor
  let dQuery: Tensor
  let dKey: Tensor
  let dValue: Tensor
  let dDecay: Tensor
  let dStep: Tensor
  private let chunks: [Range<Int>]
  private let scratch: RecurrenceScratch
  /// For each head and chunk the memory before it, but for the first chunk, and what its rows wrote.
  private let memories: Tensor
  private let writes: Tensor
  /// For each head the gradient of the memory.
  private let dMemory: Tensor
  /// Gradients of scores, of rows as wide as values and keys, of the sums of decay.
  private let dScores: Tensor
  private let valueRows: Tensor
  private let scaledRows: Tensor
  private let keyRows: Tensor
  private let dSums: Tensor

  init(
    _ problem: RecurrenceProblem, _ task: RecurrenceProblem.Task, upstream: Tensor, dQuery: Tensor,
    dKey: Tensor, dValue: Tensor, dDecay: Tensor, dStep: Tensor
  ) {
    (self.problem, self.task, self.upstream) = (problem, task, upstream)
    (self.dQuery, self.dKey, self.dValue) = (dQuery, dKey, dValue)
    (self.dDecay, self.dStep) = (dDecay, dStep)
    let count = problem.documents[task.document].count
    chunks = problem.chunks(task.document)
    scratch = RecurrenceScratch(problem, longest: count)
    let (heads, rows) = (task.heads.count, min(RecurrenceProblem.chunk, max(1, count)))
    memories = .uninitialized([heads, max(0, chunks.count - 1), problem.memorySize])
    writes = .uninitialized([heads, count, problem.valueWidth])
    dMemory = .uninitialized([heads, problem.memorySize])
    dScores = .uninitialized([rows, rows])
    valueRows = .uninitialized([rows, problem.valueWidth])
    scaledRows = .uninitialized([rows, problem.valueWidth])
    keyRows = .uninitialized([rows, problem.keyWidth])
    dSums = .uninitialized([rows])
  }

  func run() {
    remember()
    for number in chunks.indices.reversed() {
      let chunk = chunks[number]
      problem.multiplyKeys(task, chunk, scratch, withQueries: true)
      clear(dQuery, chunk)
      clear(dKey, chunk)
      for head in task.heads { back(head, number) }
    }
  }

  /// The memory before a chunk; nil before the first.
  private func memory(_ head: Int, _ number: Int) -> UnsafeMutablePointer<Float>? {
    guard number > 0 else { return nil }
    let index = (head - task.heads.lowerBound) * (chunks.count - 1) + number - 1
    return memories.target + index * problem.memorySize
  }

  private func writes(_ head: Int, _ number: Int) -> UnsafeMutablePointer<Float> {
    let first = chunks[number].lowerBound - chunks[0].lowerBound
    let count = problem.documents[task.document].count
    return writes.target + ((head - task.heads.lowerBound) * count + first) * problem.valueWidth
  }

  /// Goes forward once, for the memories and what was written.
  private func remember() {
    for (number, chunk) in chunks.enumerated() {
      problem.multiplyKeys(task, chunk, scratch, withQueries: false)
      for head in task.heads {
        let before = memory(head, number)
        // Where there is no memory, nothing is read from this one.
        problem.writes(
          head, task, chunk, before ?? dMemory.target, isEmpty: before == nil, scratch,
          into: writes(head, number))
        guard number + 1 < chunks.count, let after = memory(head, number + 1) else { continue }
        if let before { after.update(from: before, count: problem.memorySize) }
        problem.advance(
          task, chunk, after, isEmpty: before == nil, scratch, writes: writes(head, number))
      }
    }
  }

  /// Zeros where the task's gradients of queries or keys are summed.
  private func clear(_ gradient: Tensor, _ chunk: Range<Int>) {
    for row in chunk {
      (gradient.target + row * problem.keyStride + task.keyHead * problem.keyWidth)
        .update(repeating: 0, count: problem.keyWidth)
    }
  }

  /// A chunk of one head.
  private func back(_ head: Int, _ number: Int) {
    let (p, chunk, kernels) = (problem, chunks[number], VectorKernels.best)
    let (n, k, v) = (chunk.count, p.keyWidth, p.valueWidth)
    let (keyStride, valueStride) = (p.keyStride, p.valueStride)
    let isLast = number == chunks.count - 1
    let before = memory(head, number)
    let dS = dMemory.target + (head - task.heads.lowerBound) * p.memorySize
    let (queries, keys) = (p.queries(task, chunk), p.keys(task, chunk))
    let place = chunk.lowerBound * keyStride + task.keyHead * k
    let (dQ, dK) = (dQuery.target + place, dKey.target + place)
    let rows = chunk.lowerBound * valueStride + head * v
    let (values, dV, dY) = (p.value.source + rows, dValue.target + rows, upstream.source + rows)
    let numbers = chunk.lowerBound * p.heads + head
    let (steps, dSteps) = (p.step.source + numbers, dStep.target + numbers)
    let u = UnsafePointer(writes(head, number))
    let (dM, z, scaled, wide) = (dScores.target, valueRows.target, scaledRows.target, keyRows.target)
    let (dc, dots) = (dSums.target, scratch.numbers)

    /// C = A · B, or adds that to C.
    func product(
      _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ strideA: Int, turnA: Bool = false,
      _ b: UnsafePointer<Float>, _ strideB: Int, turnB: Bool = false, into c: UnsafeMutablePointer<Float>,
      _ stride: Int, adding: Bool
    ) {
      FloatProduct.multiplyAlone(
        m: m, n: n, k: k, MatrixOperand(address: a, stride: strideA, isTransposed: turnA),
        MatrixOperand(address: b, stride: strideB, isTransposed: turnB), into: c, stride: stride,
        accumulating: adding)
    }

    /// Adds rows of x · y, times `sign`, to a number of each row.
    func addDots(
      _ x: UnsafePointer<Float>, _ strideX: Int, _ y: UnsafePointer<Float>, _ strideY: Int, _ width: Int,
      sign: Float, to sums: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
      kernels.dot_rows(x, strideX, y, strideY, n, width, dots)
      for row in 0..<n { sums[row * stride] += sign * dots[row] }
    }

    dc.update(repeating: 0, count: n)
    for row in 0..<n { dSteps[row * p.heads] = 0 }
    kernels.decay_sums(p.decay.source + numbers, p.heads, n, scratch.sums, scratch.grown, scratch.left)
    kernels.decay_scores(scratch.scores, scratch.sums, nil, 0, 0, n, scratch.weights)

    // dU, first Mᵀ dY.
    product(n, v, n, scratch.weights, n, turnA: true, dY, valueStride, into: z, v, adding: false)
    // What the memory after the chunk has from its rows, and from the one before.
    if !isLast {
      kernels.scale_rows(keys, keyStride, scratch.left, 1, wide, k, n, k)
      product(n, v, k, wide, k, dS, v, into: z, v, adding: true)
      product(n, k, v, u, v, dS, v, turnB: true, into: wide, k, adding: false)
      kernels.scale_rows(wide, k, scratch.left, 1, wide, k, n, k)
      for row in 0..<n { kernels.accumulate(wide + row * k, 1, dK + row * keyStride, k) }
      kernels.dot_rows(wide, k, keys, keyStride, n, k, dots)
      for row in 0..<n {
        dc[row] -= dots[row]
        dc[n - 1] += dots[row]
      }
      if let before {
        kernels.dot_rows(dS, p.memorySize, before, p.memorySize, 1, p.memorySize, dots)
        dc[n - 1] += scratch.grown[n - 1] * dots[0]
      }
      kernels.affine(dS, scratch.grown[n - 1], 0, dS, p.memorySize)
    } else {
      dS.update(repeating: 0, count: p.memorySize)
    }

    // What was read within the chunk.
    product(n, n, v, dY, valueStride, u, v, turnB: true, into: dM, n, adding: false)
    kernels.decay_scores_back(scratch.scores, scratch.sums, nil, 0, 0, n, dM, dc, nil, 0)
    product(n, k, n, dM, n, keys, keyStride, into: dQ, keyStride, adding: true)
    product(n, k, n, dM, n, turnA: true, queries, keyStride, into: dK, keyStride, adding: true)

    // What was read from the memory before it.
    if let before {
      kernels.scale_rows(dY, valueStride, scratch.grown, 1, scaled, v, n, v)
      product(n, k, v, scaled, v, before, v, turnB: true, into: wide, k, adding: false)
      for row in 0..<n { kernels.accumulate(wide + row * k, 1, dQ + row * keyStride, k) }
      addDots(queries, keyStride, wide, k, k, sign: 1, to: dc, 1)
      product(k, v, n, queries, keyStride, turnA: true, scaled, v, into: dS, v, adding: true)
    }

    // From what was written to values, steps, and, for the delta rule, to keys and memory.
    if p.rule == .delta {
      kernels.decay_scores(scratch.overlaps, scratch.sums, steps, p.heads, 1, n, scratch.lower)
      kernels.solve_rows(scratch.lower, 1, z, n, v)
      product(n, n, v, z, v, u, v, turnB: true, into: dM, n, adding: false)
      kernels.affine(dM, -1, 0, dM, n * n)
      kernels.decay_scores_back(
        scratch.overlaps, scratch.sums, steps, p.heads, 1, n, dM, dc, dSteps, p.heads)
      product(n, k, n, dM, n, keys, keyStride, into: dK, keyStride, adding: true)
      product(n, k, n, dM, n, turnA: true, keys, keyStride, into: dK, keyStride, adding: true)
    }
    if p.rule == .delta, let before {
      // K S₀, then the differences that steps multiply.
      product(n, v, k, keys, keyStride, before, v, into: scratch.reads, v, adding: false)
      kernels.subtract_rows(values, valueStride, scratch.grown, scratch.reads, scaled, n, v)
      addDots(z, v, scaled, v, v, sign: 1, to: dSteps, p.heads)
      kernels.scale_rows(z, v, steps, p.heads, dV, valueStride, n, v)
      kernels.scale_rows(dV, valueStride, scratch.grown, 1, scaled, v, n, v)
      addDots(scaled, v, scratch.reads, v, v, sign: -1, to: dc, 1)
      kernels.affine(scaled, -1, 0, scaled, n * v)
      product(n, k, v, scaled, v, before, v, turnB: true, into: dK, keyStride, adding: true)
      product(k, v, n, keys, keyStride, turnA: true, scaled, v, into: dS, v, adding: true)
    } else {
      addDots(z, v, values, valueStride, v, sign: 1, to: dSteps, p.heads)
      kernels.scale_rows(z, v, steps, p.heads, dV, valueStride, n, v)
    }

    var sum: Float = 0
    for row in (0..<n).reversed() {
      sum += dc[row]
      dDecay.target[numbers + row * p.heads] = sum
    }
  }
}
