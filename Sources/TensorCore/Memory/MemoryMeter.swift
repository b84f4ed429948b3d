// What tensors cost in memory, for `--profile-memory`, evaluation records and tests.

import SafeIO

/// Counts of the tensors' buffers since the process began.
package enum MemoryMeter {
  /// Buffers asked of the system; reuse from the pool does not count.
  package static var allocations: Int { BufferPool.shared.counts.allocations }

  /// Bytes of the buffers that live tensors hold.
  package static var currentBytes: Int { BufferPool.shared.counts.inUse }

  /// The most that `currentBytes` has been since the start or the last `resetPeak()`.
  package static var peakBytes: Int { BufferPool.shared.counts.peak }

  /// Bytes held from the system: those in use and those kept for reuse.
  package static var reservedBytes: Int {
    let counts = BufferPool.shared.counts
    return counts.inUse + counts.free
  }

  /// Starts a new peak from what is in use now.
  package static func resetPeak() { BufferPool.shared.resetPeak() }

  /// The process's largest resident set in bytes: VmHWM of /proc/self/status (proc(5)); 0 where there is none.
  package static var processPeakBytes: Int { ProcFile.memory("VmHWM") }
}
