// The small tools of a measurement: a clock, a place where results go so that no compiler drops the work, and the number
// of threads for a while.

import Synchronization
import TensorCore

enum Stopwatch {
  /// How long `body` takes.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }
}

/// Takes what is computed for nothing.
enum Sink {
  private static let bits = Atomic<UInt64>(0)

  static func keep(_ value: UInt64) { bits.bitwiseXor(value, ordering: .relaxed) }
}

/// Runs `body` with this many threads in the pool.
func withThreads<R>(_ threads: Int, _ body: () throws -> R) rethrows -> R {
  let before = ThreadPool.shared.threads
  ThreadPool.shared.threads = threads
  defer { ThreadPool.shared.threads = before }
  return try body()
}
