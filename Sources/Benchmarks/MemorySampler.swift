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
    let sampler = Sampler()
    sampler.start()
    defer { sampler.stop() }
    try body()
    sampler.stop()
    return Peak(
      tensors: MemoryMeter.peakBytes, anonymous: sampler.peak.load(ordering: .relaxed),
      resident: MemoryMeter.processPeakBytes)
  }

  /// A thread that reads `RssAnon` of /proc/self/status.
  private final class Sampler: Sendable {
    let peak = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(true)

    func start() {
      hasEnded.store(false, ordering: .sequentiallyConsistent)
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self)
      let status = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          Unmanaged<Sampler>.fromOpaque(context).takeRetainedValue().watch()
          return nil
        }, context.toOpaque())
      guard status == 0 else {
        context.release()
        hasEnded.store(true, ordering: .sequentiallyConsistent)
        return
      }
      pthread_detach(thread)
    }

    func stop() {
      isStopped.store(true, ordering: .sequentiallyConsistent)
      while !hasEnded.load(ordering: .sequentiallyConsistent) { usleep(1000) }
    }

    private func watch() {
      repeat {
        let kibibytes = ProcFile.status("RssAnon")?.split(whereSeparator: { $0 == " " || $0 == "\t" }).first
        peak.max((kibibytes.flatMap { Int($0) } ?? 0) * 1024, ordering: .relaxed)
        usleep(4000)
      } while !isStopped.load(ordering: .sequentiallyConsistent)
      hasEnded.store(true, ordering: .sequentiallyConsistent)
    }
  }
}
