// Products of quantized weights with activations in 8 bits, which inference uses by default. Activations are rounded
// and packed once for all matrices that read them; what is computed, and in which order, stands in `mlt_int8.h`.
//
// UNSAFE, on purpose: raw pointers into tensors. Pieces partition the rows of the matrices, and each writes its own
// columns of the outputs; matrices and packed activations live until the call ends.

import CKernels

/// Activations `[rows, columns]` rounded to 8 bits in groups, in the order of the kernels.
struct PackedActivations {
  let rows: Int
  let columns: Int
  /// Columns that share a scale: those of the weights that will be multiplied.
  let groupSize: Int
  fileprivate let words: Tensor

  /// Rounds and packs f32 `[rows, columns]`; `columns` must be a multiple of `groupSize`.
  init(_ x: Tensor, groupSize: Int) {
    precondition(
      x.rank == 2 && x.shape[1] % groupSize == 0, "\(x) has no rows of whole groups of \(groupSize) columns")
    (rows, columns, self.groupSize) = (x.shape[0], x.shape[1], groupSize)
    let (m, k, group) = (Int64(rows), Int64(columns), Int64(groupSize))
    words = Tensor.uninitialized([Int(mlt_int8_packed_bytes(m, k, group)) / 4], dtype: .u32)
    let (source, target) = (x.source, words.storage.address.assumingMemoryBound(to: UInt32.self))
    let tile = Int(mlt_int8_tile_rows(EightBitProduct.kernels, m))
    VectorKernels.rows((rows + tile - 1) / tile, width: tile * columns) { tiles in
      mlt_int8_pack(
        EightBitProduct.kernels, source, k, m, k, group, Int64(tiles.lowerBound * tile),
        Int64(min(tiles.upperBound * tile, Int(m))), target)
    }
  }
}

enum EightBitProduct {
  /// The best kernels that this machine can run: a constant of CKernels.
  fileprivate nonisolated(unsafe) static let kernels: UnsafePointer<mlt_int8_kernels> = {
    guard let best = mlt_int8_available(0) else { preconditionFailure("the portable kernels run everywhere") }
    return best
  }()

  /// Stored bytes that are worth a task of their own.
  private static let pieceBytes = 64 << 10

  /// `x · Wᵀ` for several matrices, if all of them are multiplied in 8 bits and have one group size: x is packed once, and
  /// the products share one parallel loop.
  ///
  /// The bits of each result are those of `multiply`.
  ///
  /// - Parameter x: f32 `[m, columns]`.
  /// - Returns: f32 `[m, rows]` for each matrix, in order.
  static func multiply(_ x: Tensor, by matrices: [any WeightMatrix]) -> [Tensor]? {
    let affine = matrices.compactMap { $0 as? GroupedAffineWeights }.filter(\.multipliesInEightBits)
    guard affine.count == matrices.count, let group = affine.first?.groupSize,
      affine.allSatisfy({ $0.groupSize == group })
    else { return nil }
    return multiply(PackedActivations(x, groupSize: group), by: affine)
  }

  /// The same for activations that are packed already.
  static func multiply(_ x: PackedActivations, by matrices: [GroupedAffineWeights]) -> [Tensor] {
    let turned = matrices.map(\.turned)
    let outputs = turned.map { Tensor.uninitialized([x.rows, Int($0.matrix.rows)]) }
    var pieces: [Piece] = []
    for (index, weights) in turned.enumerated() {
      precondition(
        weights.matrix.columns == x.columns && weights.matrix.group == x.groupSize,
        "activations [\(x.rows), \(x.columns)] in groups of \(x.groupSize) meet other weights")
      let rows = Int(weights.matrix.rows)
      let grain = TurnedWeights.grain(
        rowBytes: x.columns * Int(weights.matrix.bits) / 8, bytes: pieceBytes,
        panels: Int(kernels.pointee.panels))
      for begin in stride(from: 0, to: rows, by: grain) {
        pieces.append(Piece(matrix: index, begin: begin, end: min(rows, begin + grain)))
      }
    }
    let packed = UnsafePointer(x.words.storage.address.assumingMemoryBound(to: UInt32.self))
    let targets = outputs.map(\.target)
    withExtendedLifetime((turned, x)) {
      ThreadPool.shared.run(pieces.count) { index in
        let piece = pieces[index]
        withUnsafePointer(to: turned[piece.matrix].matrix) { weights in
          let byteCount = Int(mlt_int8_scratch(kernels, weights, Int64(x.rows)))
          let scratch = byteCount > 0 ? Tensor.uninitialized([byteCount], dtype: .u8) : nil
          mlt_int8_product(
            kernels, weights, Int64(x.rows), packed, Int64(piece.begin), Int64(piece.end),
            targets[piece.matrix],
            weights.pointee.rows, scratch?.storage.address.assumingMemoryBound(to: UInt8.self))
          withExtendedLifetime(scratch) {}
        }
      }
    }
    return outputs
  }

  /// Rows of one matrix: the work of a task.
  private struct Piece {
    let matrix: Int
    let begin: Int
    let end: Int
  }
}
