// Where every tensor's bytes come from: aligned buffers in size classes, kept for reuse when a tensor dies. A
// training step asks for the same sizes again and again, so after the first step nothing is allocated.
//
// UNSAFE, on purpose: raw memory is made and freed here and nowhere else.

import Glibc
import Synchronization

/// A pool of 64-byte aligned buffers.
///
/// Sizes are rounded up to eighths of a power of two, so at most an eighth of a buffer is unused; a request also
/// takes a free buffer of up to twice its size. When the free buffers outweigh the peak of what was in use, the
/// largest are given back to the system before a new one is made.
package final class BufferPool: Sendable {
  /// The pool of all tensors.
  package static let shared = BufferPool()

  /// What has been counted so far; bytes are those of the size classes.
  struct Counts {
    var allocations = 0
    var inUse = 0
    var peak = 0
    var free = 0
  }

  // The pointers belong to whoever took them out under the lock.
  fileprivate struct State: @unchecked Sendable {
    var counts = Counts()
    /// Free buffers by the index of their size class.
    var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: SizeClass.count)
  }

  private let state = Mutex(State())
  private static let smallestTrim = 256 << 20
  private static let hugePage = 2 << 20

  init() {}

  var counts: Counts { state.withLock { $0.counts } }

  func resetPeak() {
    state.withLock { $0.counts.peak = $0.counts.inUse }
  }

  /// A buffer of at least `bytes` bytes with undefined contents, and its size class, which `give` wants back.
  func take(_ bytes: Int) -> (UnsafeMutableRawPointer, SizeClass) {
    let wanted = SizeClass(bytes: bytes)
    let (reused, surplus) = state.withLock {
      state -> ((UnsafeMutableRawPointer, SizeClass)?, [UnsafeMutableRawPointer]) in
      for index in wanted.index...min(wanted.index + 8, SizeClass.count - 1) {
        guard let buffer = state.free[index].popLast() else { continue }
        let taken = SizeClass(index: index)
        state.counts.free -= taken.bytes
        state.counts.use(taken.bytes)
        return ((buffer, taken), [])
      }
      state.counts.allocations += 1
      state.counts.use(wanted.bytes)
      return (nil, state.trim(keeping: max(BufferPool.smallestTrim, state.counts.peak)))
    }
    for buffer in surplus { Glibc.free(buffer) }
    if let reused { return reused }
    return (BufferPool.allocate(wanted.bytes), wanted)
  }

  /// New memory; in huge pages where that pays: a first touch then costs a fault for 2 MiB and not for 4 KiB.
  private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    let isHuge = bytes >= 2 * hugePage
    guard let fresh = aligned_alloc(isHuge ? hugePage : 64, bytes) else {
      preconditionFailure("out of memory: a buffer of \(bytes) bytes was refused by the system")
    }
    // Whole pages alone, so that no buffer takes more than it asked for. Only advice: a refusal changes nothing.
    if isHuge { madvise(fresh, bytes / hugePage * hugePage, MADV_HUGEPAGE) }
    return fresh
  }

  /// Takes back what `take` lent.
  func give(_ buffer: UnsafeMutableRawPointer, _ size: SizeClass) {
    state.withLock { state in
      state.counts.inUse -= size.bytes
      state.counts.free += size.bytes
      state.free[size.index].append(buffer)
    }
  }
}

extension BufferPool.Counts {
  fileprivate mutating func use(_ bytes: Int) {
    inUse += bytes
    peak = max(peak, inUse)
  }
}

extension BufferPool.State {
  /// Removes the largest free buffers until at most `limit` free bytes are left.
  fileprivate mutating func trim(keeping limit: Int) -> [UnsafeMutableRawPointer] {
    var removed: [UnsafeMutableRawPointer] = []
    for index in free.indices.reversed() {
      while counts.free > limit, let buffer = free[index].popLast() {
        counts.free -= SizeClass(index: index).bytes
        removed.append(buffer)
      }
      if counts.free <= limit { break }
    }
    return removed
  }
}

/// One of the sizes that buffers have: `(8 + step) << shift` cache lines, eight steps to a doubling.
struct SizeClass: Equatable {
  static let count = 8 * 40
  let index: Int

  init(index: Int) { self.index = index }

  /// The smallest class that holds `bytes`.
  init(bytes: Int) {
    let lines = max(8, (bytes + 63) / 64)
    let shift = max(0, Int.bitWidth - lines.leadingZeroBitCount - 4)
    let steps = (lines + (1 << shift) - 1) >> shift  // 8 ... 16
    index = 8 * shift + steps - 8
    precondition(index < SizeClass.count, "a buffer of \(bytes) bytes is beyond any machine")
  }

  var bytes: Int { ((8 + index % 8) << (index / 8)) * 64 }
}
