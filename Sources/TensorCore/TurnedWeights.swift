// A quantized matrix in the order in which the kernels of products in 8 bits eat it; `mlt_int8.h` has the layout. It is
// made once, from the stored form, and takes as many bytes.
//
// UNSAFE, on purpose: memory of its own, written while it is made and freed with the object.

import CKernels
import Glibc

/// The turned form of an affine matrix of 4 or 8 bits.
///
/// Unchecked, since nothing is written after `init`.
final class TurnedWeights: @unchecked Sendable {
  /// What the kernels get; valid while the object lives.
  let matrix: mlt_turned
  private let memory: UnsafeMutableRawPointer

  /// With pages of this size, the hardware finds addresses faster.
  private static let hugePage = 2 << 20

  /// Turns a matrix, in parallel.
  init(_ stored: mlt_matrix) {
    let byteCount = withUnsafePointer(to: stored) { Int(mlt_turned_bytes($0)) }
    var address: UnsafeMutableRawPointer?
    let alignment = byteCount < TurnedWeights.hugePage ? 64 : TurnedWeights.hugePage
    guard posix_memalign(&address, alignment, max(64, byteCount)) == 0, let memory = address else {
      preconditionFailure("out of memory: \(byteCount) bytes for a turned matrix were refused by the system")
    }
    // Whole huge pages only, so that no memory is taken past the end. Refused advice changes no result.
    madvise(memory, byteCount / TurnedWeights.hugePage * TurnedWeights.hugePage, MADV_HUGEPAGE)
    let panels = memory.assumingMemoryBound(to: UInt8.self)
    withUnsafePointer(to: stored) { stored in
      let rowBytes = byteCount / max(1, Int(stored.pointee.rows))
      VectorKernels.pieces(
        Int(stored.pointee.rows), grain: TurnedWeights.grain(rowBytes: rowBytes, bytes: 1 << 20)
      ) { piece in
        mlt_turn_rows(stored, Int64(piece.lowerBound), Int64(piece.upperBound), panels)
      }
    }
    self.memory = memory
    matrix = mlt_turned(
      panels: panels, rows: stored.rows, columns: stored.columns, group: stored.group,
      bits: stored.format == MLT_AFFINE4 ? 4 : 8, scale_format: stored.scale_format)
  }

  deinit { free(memory) }

  /// Rows of a piece of some `bytes`: whole panels.
  static func grain(rowBytes: Int, bytes: Int, panels: Int = 1) -> Int {
    let unit = panels * Int(MLT_PANEL_ROWS)
    return max(1, bytes / max(1, rowBytes * unit)) * unit
  }
}
