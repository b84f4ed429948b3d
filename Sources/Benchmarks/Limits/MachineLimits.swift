// Measures the machine's limits, in a few milliseconds each: the speed of a machine, above all one shared with others,
// moves from minute to minute, so a limit is measured again beside every run.
//
// UNSAFE, on purpose: memory of its own, larger than any cache, freed with the object.

import CKernels
import Glibc
import TensorCore

/// The limits of this machine.
package final class MachineLimits {
  /// Bytes that are read or copied in a measurement.
  private let arrayBytes: Int
  /// Seconds that a peak's loop runs.
  private let peakSeconds: Double
  /// Allocated when first needed.
  private var array: UnsafeMutableRawBufferPointer?
  /// Rounds of a peak that fill its seconds on one thread.
  private var rounds: [Limit: Int64] = [:]

  /// - Parameter isTiny: whether the numbers do not matter, in tests.
  package init(isTiny: Bool) {
    arrayBytes = isTiny ? 1 << 20 : 384 << 20
    peakSeconds = isTiny ? 0.0001 : 0.02
  }

  deinit { releaseMemory() }

  /// Gives the array back, before something whose memory is measured.
  package func releaseMemory() {
    array?.deallocate()
    array = nil
  }

  /// The fastest instruction for a type that this machine has; nil for a type of which it has none.
  package static func peak(_ limit: Limit) -> Peak? { Peak.all.first { $0.type == limit.rawValue } }

  /// The instructions of 16-bit products: bf16 if there are any, else integers with 32-bit sums; floats where there is
  /// neither.
  package static let sixteenBit: Limit =
    peak(.bf16) != nil ? .bf16 : peak(.int16)?.instructions.contains("vpdpwssd") == true ? .int16 : .f32

  /// The limit now, in units of `Limit.unit`; nil when the machine has no such instruction.
  package func measure(_ limit: Limit, threads: Int) -> Double? {
    withThreads(threads) {
      switch limit {
      case .read: readRate()
      case .copy: copyRate()
      case .f32, .bf16, .int16, .int8: MachineLimits.peak(limit).map { rate(of: $0, limit) }
      }
    }
  }

  /// The rate of one instruction in 10⁹ operations a second, on the current number of threads.
  private func rate(of peak: Peak, _ limit: Limit) -> Double {
    let rounds = self.rounds[limit] ?? peak.rounds(filling: peakSeconds)
    self.rounds[limit] = rounds
    // Several tasks a thread, so that one which wakes up late does not hold up the rest.
    let tasks = 8
    let pieces = tasks * ThreadPool.shared.threads
    let seconds = Stopwatch.seconds {
      ThreadPool.shared.run(pieces) { _ in peak.run(rounds: max(1, rounds / Int64(tasks))) }
    }
    return peak.operations * Double(max(1, rounds / Int64(tasks))) * Double(pieces) / seconds / 1e9
  }

  private func readRate() -> Double {
    let array = touchedArray()
    let piece = 1 << 19
    let seconds = Stopwatch.seconds {
      guard let base = array.baseAddress else { return }
      ThreadPool.shared.run(array.count / piece) { index in
        Sink.keep(mlt_read_all(base + index * piece, Int64(piece)))
      }
    }
    return Double(array.count) / seconds / 1e9
  }

  /// From one half of the array to the other.
  private func copyRate() -> Double {
    let array = touchedArray()
    let (half, piece) = (array.count / 2, 1 << 19)
    let seconds = Stopwatch.seconds {
      guard let base = array.baseAddress else { return }
      ThreadPool.shared.run(half / piece) { index in
        (base + half + index * piece).copyMemory(from: base + index * piece, byteCount: piece)
      }
    }
    return Double(half) / seconds / 1e9
  }

  /// The array, with pages of its own: untouched ones would all be the one page of zeros.
  private func touchedArray() -> UnsafeMutableRawBufferPointer {
    if let array { return array }
    let fresh = UnsafeMutableRawBufferPointer.allocate(byteCount: arrayBytes, alignment: 2 << 20)
    madvise(fresh.baseAddress, fresh.count, MADV_HUGEPAGE)
    fresh.initializeMemory(as: UInt8.self, repeating: 1)
    array = fresh
    return fresh
  }
}
