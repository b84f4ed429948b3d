// The best tokens of a large vocabulary, one after the other, without sorting the rest: a binary heap.

/// Token ids from the largest key down, the lower id first on ties.
///
/// Making it takes linear time, each further id logarithmic time.
struct Ranking: Sequence, IteratorProtocol {
  private let keys: [Float]
  private var heap: [Int32]

  /// Ranks those ids whose key is a number above minus infinity.
  init(_ keys: [Float]) {
    self.keys = keys
    heap = keys.indices.filter { keys[$0] > -.infinity }.map { Int32($0) }
    for parent in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(parent) }
  }

  mutating func next() -> Int? {
    guard let best = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      sink(0)
    }
    return Int(best)
  }

  private func precedes(_ left: Int32, _ right: Int32) -> Bool {
    let (first, second) = (keys[Int(left)], keys[Int(right)])
    return first == second ? left < right : first > second
  }

  private mutating func sink(_ start: Int) {
    var parent = start
    let moved = heap[parent]
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
      guard precedes(heap[child], moved) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = moved
  }
}
