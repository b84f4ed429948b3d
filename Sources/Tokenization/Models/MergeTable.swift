// The merges of a BPE model: which pair of tokens becomes which, and how early. A hash table with open addressing;
// it is asked for every pair of neighbours in every new word.

/// A map from pairs of ids to the rank of their merge and the id they become.
struct MergeTable: Sendable {
  /// What a pair becomes.
  struct Merge: Sendable, Equatable {
    /// Merges with a lower rank come first.
    var rank: UInt32
    var id: Int32
  }

  private struct Slot {
    var pair: UInt64
    var merge: Merge
  }

  private static let free = UInt64.max

  private var slots: [Slot]

  init(capacity: Int) {
    var count = 64
    while count < capacity * 2 { count *= 2 }
    slots = Array(repeating: Slot(pair: Self.free, merge: Merge(rank: 0, id: 0)), count: count)
  }

  /// Adds a merge; no more than the capacity.
  ///
  /// One for the same pair is replaced.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let pair = Self.pair(left, right)
    slots[place(of: pair)] = Slot(pair: pair, merge: merge)
  }

  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge? {
    let pair = Self.pair(left, right)
    let slot = slots[place(of: pair)]
    return slot.pair == pair ? slot.merge : nil
  }

  @inline(__always)
  private func place(of pair: UInt64) -> Int {
    var hash = pair &* 0x9e37_79b9_7f4a_7c15
    hash ^= hash >> 32
    var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[place].pair != pair && slots[place].pair != Self.free {
      place = (place + 1) & (slots.count - 1)
    }
    return place
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}
