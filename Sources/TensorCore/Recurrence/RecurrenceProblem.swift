// One call of a gated recurrence: what it reads, and how it is cut into tasks. A task goes through a document with some of
// the heads that share a key; which these are follows from the shapes alone.
//
// UNSAFE, on purpose: raw pointers into tensors that the problem holds. In bounds because documents and shapes were checked.

import CKernels

struct RecurrenceProblem {
  /// The way of some heads through a document.
  struct Task {
    let document: Int
    let keyHead: Int
    let heads: Range<Int>
    /// Which of the parts of the heads that share the key these are.
    let part: Int
  }

  /// Rows that go together; their triangular system grows with the square, the memory is read once for all of them.
  static let chunk = 64
  /// Tasks that a document makes at least, if it has so many heads.
  private static let leastTasks = 16

  let query: Tensor
  let key: Tensor
  let value: Tensor
  let decay: Tensor
  let step: Tensor
  let rule: RecurrenceRule
  let documents: [Range<Int>]

  var rows: Int { key.shape[0] }
  var keyHeads: Int { key.shape[1] }
  var keyWidth: Int { key.shape[2] }
  var heads: Int { value.shape[1] }
  var valueWidth: Int { value.shape[2] }
  /// Elements of one head's memory.
  var memorySize: Int { keyWidth * valueWidth }
  /// Distances between rows.
  var keyStride: Int { keyHeads * keyWidth }
  var valueStride: Int { heads * valueWidth }

  init(
    query: Tensor, key: Tensor, value: Tensor, decay: Tensor, step: Tensor, rule: RecurrenceRule,
    documents: [Range<Int>]
  ) {
    precondition(
      key.rank == 3 && value.rank == 3 && query.shape == key.shape && key.shape[0] == value.shape[0]
        && key.shape[1] > 0 && value.shape[1] % key.shape[1] == 0
        && decay.shape == [value.shape[0], value.shape[1]] && step.shape == decay.shape,
      "a recurrence needs [rows, keyHeads, k] twice, [rows, heads, v] and [rows, heads] twice, not "
        + "\(query), \(key), \(value), \(decay), \(step)")
    var next = 0
    for document in documents {
      precondition(document.lowerBound == next, "the document \(document) does not follow row \(next)")
      next = document.upperBound
    }
    precondition(next == key.shape[0], "documents end at row \(next) of \(key.shape[0])")
    (self.query, self.key, self.value) = (query.detached(), key.detached(), value.detached())
    (self.decay, self.step) = (decay.detached(), step.detached())
    self.rule = rule
    self.documents = documents
  }

  /// How many heads a task has at most.
  private var taskHeads: Int {
    let parts = Swift.max(1, RecurrenceProblem.leastTasks / keyHeads)
    return Swift.max(1, (heads / keyHeads + parts - 1) / parts)
  }

  /// How many tasks share a key head of a document.
  var parts: Int { (heads / keyHeads + taskHeads - 1) / taskHeads }

  /// All tasks, those of the longest documents first, so that no thread is left with one at the end.
  var tasks: [Task] {
    let group = heads / keyHeads
    let order = documents.indices.sorted {
      (documents[$0].count, $1) > (documents[$1].count, $0)
    }
    return order.flatMap { document in
      (0..<keyHeads).flatMap { keyHead in
        (0..<parts).map { part in
          let first = part * taskHeads
          let end = Swift.min(first + taskHeads, group)
          return Task(
            document: document, keyHead: keyHead, heads: keyHead * group + first..<keyHead * group + end,
            part: part)
        }
      }
    }
  }

  /// The chunks of a document.
  func chunks(_ document: Int) -> [Range<Int>] {
    let rows = documents[document]
    return stride(from: rows.lowerBound, to: rows.upperBound, by: RecurrenceProblem.chunk).map {
      $0..<Swift.min($0 + RecurrenceProblem.chunk, rows.upperBound)
    }
  }
}

/// The memory that a task works in, for chunks of up to `RecurrenceProblem.chunk` rows.
struct RecurrenceScratch {
  private let storage: Tensor
  /// Sums of the logarithms of decay within the chunk.
  let sums: UnsafeMutablePointer<Double>
  /// What is left, at each row, of the memory before the chunk.
  let grown: UnsafeMutablePointer<Float>
  /// What is left of each row at the end of the chunk.
  let left: UnsafeMutablePointer<Float>
  /// Products of queries and keys, and of keys with each other: the same for all heads of a task.
  let scores: UnsafeMutablePointer<Float>
  let overlaps: UnsafeMutablePointer<Float>
  /// Both with the decay between their rows, for one head.
  let weights: UnsafeMutablePointer<Float>
  let lower: UnsafeMutablePointer<Float>
  /// Rows as wide as keys, and as values.
  let keys: UnsafeMutablePointer<Float>
  let values: UnsafeMutablePointer<Float>
  let reads: UnsafeMutablePointer<Float>
  /// Numbers of rows.
  let numbers: UnsafeMutablePointer<Float>

  init(_ problem: RecurrenceProblem, longest: Int) {
    let rows = Swift.min(RecurrenceProblem.chunk, Swift.max(1, longest))
    let sizes = [
      2 * rows, rows, rows, rows * rows, rows * rows, rows * rows, rows * rows, rows * problem.keyWidth,
      rows * problem.valueWidth, rows * problem.valueWidth, rows,
    ]
    // Each begins on a cache line.
    let places = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + ($1 + 15) / 16 * 16) }
    storage = .uninitialized([places[sizes.count]])
    let base = storage.target
    sums = UnsafeMutableRawPointer(base).bindMemory(to: Double.self, capacity: rows)
    (grown, left, scores, overlaps) = (
      base + places[1], base + places[2], base + places[3], base + places[4]
    )
    (weights, lower, keys) = (base + places[5], base + places[6], base + places[7])
    (values, reads, numbers) = (base + places[8], base + places[9], base + places[10])
  }
}
