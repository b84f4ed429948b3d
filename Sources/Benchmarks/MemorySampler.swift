// The memory that a piece of work takes at its peak. Of resident memory the kernel keeps the peak itself; of anonymous memory,
// which leaves out mapped weights, it does not, so a thread looks every few milliseconds.

import Glibc
import SafeIO
import Synchronization
import TensorCore

enum MemorySampler {
  /// Peaks in bytes; 0 where the system does not tell.
  struct Peak {
    /// Of the buffers that live tensors hold.
    var tensors = 0
    /// Of the process's memory that is no file's.
    var anonymous = 0
    /// Of all of the process's memory, mapped weights included.
    var resident = 0
  }

  /// Runs `body` and watches the memory of the process.
  static func peak(during body: () throws -> Void) throws -> Peak {
    // The peak so far is forgotten (proc(5), clear_refs); where that is not allowed, it stays the process's.
    if let file = fopen("/proc/self/clear_refs", "w") {
      fputs("5", file)
      fclose(file)
    }
    MemoryMeter.resetPeak()
    let isOver = Atomic(false)
    let anonymous = Background { () throws(Failure) -> Int in
      var most = 0
      repeat {
        most = max(most, ProcFile.memory("RssAnon"))
        usleep(4000)
      } while !isOver.load(ordering: .relaxed)
      return most
    }
    do {
      defer { isOver.store(true, ordering: .relaxed) }
      try body()
    }
    return try Peak(
      tensors: MemoryMeter.peakBytes, anonymous: anonymous.value(), resident: MemoryMeter.processPeakBytes)
  }
}
