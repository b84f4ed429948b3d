// Merging one word: symbols in a linked list, and the merges that are possible in a heap by rank, then position. A
// word of n symbols takes O(n log n), however long it is.

/// The symbols of one word while it is merged, kept between words.
struct MergeBuffers {
  private struct Symbol {
    var id: Int32
    /// In bytes of the word; 0 once it was merged into the symbol before it.
    var length: Int32
    var previous: Int32
    var next: Int32
  }

  private var symbols: [Symbol] = []
  /// A binary heap of `rank << 32 | position`, the smallest first.
  private var queue: [UInt64] = []

  /// Forgets the word before.
  mutating func start() {
    symbols.removeAll(keepingCapacity: true)
    queue.removeAll(keepingCapacity: true)
  }

  /// Adds the next symbol of the word.
  @inline(__always)
  mutating func add(_ id: Int32, length: Int) {
    let index = Int32(symbols.count)
    if index > 0 { symbols[Int(index) - 1].next = index }
    symbols.append(Symbol(id: id, length: Int32(length), previous: index - 1, next: -1))
  }

  /// Applies all merges, the lowest rank first and from left to right, and appends what is left.
  mutating func merge(with merges: MergeTable, into tokens: inout [ModelToken]) {
    for index in 0..<max(0, symbols.count - 1) { offer(index, merges) }
    while let (rank, position) = takeFirst() {
      let symbol = symbols[position]
      // An entry whose symbols have changed since is out of date.
      guard symbol.length != 0, symbol.next >= 0 else { continue }
      let right = symbols[Int(symbol.next)]
      guard let merge = merges.merge(symbol.id, right.id), merge.rank == rank else { continue }
      symbols[position].id = merge.id
      symbols[position].length += right.length
      symbols[position].next = right.next
      symbols[Int(symbol.next)].length = 0
      if right.next >= 0 { symbols[Int(right.next)].previous = Int32(position) }
      if symbol.previous >= 0 { offer(Int(symbol.previous), merges) }
      offer(position, merges)
    }
    for symbol in symbols where symbol.length != 0 {
      tokens.append(ModelToken(id: symbol.id, length: symbol.length))
    }
  }

  /// Puts the merge of the symbol at `position` with the next into the queue, if there is one.
  @inline(__always)
  private mutating func offer(_ position: Int, _ merges: MergeTable) {
    let symbol = symbols[position]
    guard symbol.next >= 0, let merge = merges.merge(symbol.id, symbols[Int(symbol.next)].id) else { return }
    queue.append(UInt64(merge.rank) << 32 | UInt64(position))
    var child = queue.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard queue[child] < queue[parent] else { break }
      queue.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func takeFirst() -> (rank: UInt32, position: Int)? {
    guard let first = queue.first, let last = queue.popLast() else { return nil }
    if !queue.isEmpty {
      var parent = 0
      while true {
        var child = parent * 2 + 1
        guard child < queue.count else { break }
        if child + 1 < queue.count && queue[child + 1] < queue[child] { child += 1 }
        guard queue[child] < last else { break }
        queue[parent] = queue[child]
        parent = child
      }
      queue[parent] = last
    }
    return (UInt32(truncatingIfNeeded: first >> 32), Int(truncatingIfNeeded: first & 0xffff_ffff))
  }
}
