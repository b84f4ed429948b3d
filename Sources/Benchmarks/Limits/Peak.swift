// Loops of one instruction on data in registers: how fast the machine multiplies at best.

import CKernels

/// One multiply-and-add instruction of this machine.
package struct Peak: @unchecked Sendable {  // points to a constant of CKernels
  private let loop: UnsafePointer<mlt_peak>

  /// All of them; of each type the fastest first.
  package static let all: [Peak] = {
    var peaks: [Peak] = []
    while let loop = mlt_peaks_available(Int32(peaks.count)) { peaks.append(Peak(loop: loop)) }
    return peaks
  }()

  package var type: String { String(cString: loop.pointee.type) }
  package var instructions: String { String(cString: loop.pointee.instructions) }
  /// Of one round.
  var operations: Double { loop.pointee.operations }

  func run(rounds: Int64) { Sink.keep(UInt64(loop.pointee.run(rounds).bitPattern)) }

  /// How many rounds take about this long on this thread.
  func rounds(filling seconds: Double) -> Int64 {
    var rounds: Int64 = 64
    while true {
      let taken = Stopwatch.seconds { run(rounds: rounds) }
      if taken > seconds / 4 || rounds > 1 << 40 {
        return max(1, Int64(Double(rounds) * seconds / max(taken, 1e-9)))
      }
      rounds *= 4
    }
  }
}
