// Products with stored weight matrices: which kernel, and how the work is cut. Pieces follow from the shape alone and
// every element is summed by one task in one order, so the bits of a result do not depend on the number of threads.
//
// UNSAFE, on purpose: raw pointers into tensors and mapped files. Each piece is in bounds because pieces partition
// the output; the weights outlive the call because `StoredWeights` holds on to itself.

import CKernels

/// The instruction set whose kernels this process runs.
package enum InstructionSet {
  /// `avx512`, `avx2`, `neon` or `portable`: what a manifest records, since rounding depends on it.
  package static let name = String(cString: mlt_instruction_set())
}

/// A weight matrix that `CKernels` knows how to read.
///
/// A format conforms by describing itself.
protocol StoredWeights: WeightMatrix {
  /// Where and how the matrix lies; valid while the object lives.
  var stored: mlt_matrix { get }

  /// How products with it round.
  var arithmetic: Arithmetic { get }
}

extension StoredWeights {
  package var rows: Int { Int(stored.rows) }

  package var columns: Int { Int(stored.columns) }

  package func multiply(_ x: Tensor) -> Tensor {
    withExtendedLifetime(self) { Gemm.multiply(x, stored) }
  }

  package func multiplyBack(_ dy: Tensor) -> Tensor {
    withExtendedLifetime(self) { Gemm.multiplyBack(dy, stored) }
  }

  package func gather(_ rows: [Int32]) -> Tensor {
    precondition(
      rows.allSatisfy { 0..<stored.rows ~= Int64($0) },
      "a row to gather is not among the \(stored.rows) of the matrix")
    return withExtendedLifetime(self) { Gemm.expand(stored, count: rows.count) { Int64(rows[$0]) } }
  }

  package func expanded() -> Tensor {
    withExtendedLifetime(self) { Gemm.expand(stored, count: rows) { Int64($0) } }
  }
}

/// Products that share their activations.
package enum Gemm {
  /// `x · Wᵀ` for several matrices: x `[m, columns]` gives `[m, rows]` for each of them.
  ///
  /// The activations are packed once for all matrices that round alike; the results are those of `multiply` on each.
  package static func multiply(_ x: Tensor, by matrices: [any WeightMatrix]) -> [Tensor] {
    matrices.map { $0.multiply(x) }
  }

  /// `Σ dyᵢ · Wᵢ`, the gradient of an input that several matrices share: each dy `[m, rows]`, the sum `[m, columns]`.
  ///
  /// Sums in the order of the matrices.
  package static func multiplyBack(_ dys: [Tensor], by matrices: [any WeightMatrix]) -> Tensor {
    precondition(dys.count == matrices.count && !dys.isEmpty, "a gradient belongs to each matrix")
    let parts = zip(dys, matrices).map { $1.multiplyBack($0) }
    return parts.dropFirst().reduce(parts[0], +)
  }

  /// The best kernels that this machine can run.
  private nonisolated(unsafe) static let kernels: UnsafePointer<mlt_kernels> = {  // a constant of CKernels
    guard let best = mlt_kernels_available(0) else {
      preconditionFailure("the portable kernels run everywhere")
    }
    return best
  }()

  /// `x · Wᵀ`: x `[m, columns]` gives `[m, rows]`.
  static func multiply(_ x: Tensor, _ w: mlt_matrix) -> Tensor {
    precondition(
      x.rank == 2 && x.shape[1] == Int(w.columns),
      "\(x) cannot be multiplied by a weight [\(w.rows), \(w.columns)]")
    let output = Tensor.uninitialized([x.shape[0], Int(w.rows)])
    if x.shape[0] <= Int(MLT_DOT_ROWS) {
      dot(x, w, into: output)
    } else {
      product(x, w, back: false, into: output)
    }
    return output
  }

  /// `dy · W`: dy `[m, rows]` gives `[m, columns]`.
  static func multiplyBack(_ dy: Tensor, _ w: mlt_matrix) -> Tensor {
    precondition(
      dy.rank == 2 && dy.shape[1] == Int(w.rows),
      "\(dy) cannot be multiplied back by a weight [\(w.rows), \(w.columns)]")
    let output = Tensor.uninitialized([dy.shape[0], Int(w.columns)])
    product(dy, w, back: true, into: output)
    return output
  }

  /// Rows of W, widened to f32: `[count, columns]`, of which row `i` is row `row(i)` of W.
  static func expand(_ w: mlt_matrix, count: Int, row: (Int) -> Int64) -> Tensor {
    let output = Tensor.uninitialized([count, Int(w.columns)])
    let y = output.target
    withUnsafePointer(to: w) { w in
      VectorKernels.rows(count, width: Int(w.pointee.columns)) { rows in
        for index in rows {
          mlt_expand_row(kernels, w, row(index), y + index * Int(w.pointee.columns))
        }
      }
    }
    return output
  }

  /// Few rows of X: every weight is read once, straight from its stored form, which is what the time goes into.
  private static func dot(_ x: Tensor, _ w: mlt_matrix, into output: Tensor) {
    let (m, inputs, outputs) = (x.shape[0], Int(w.columns), Int(w.rows))
    let (source, target) = (x.source, output.target)
    withUnsafePointer(to: w) { w in
      VectorKernels.rows(outputs, width: inputs * m) { piece in
        mlt_dot_rows(
          kernels, w, Int64(piece.lowerBound), Int64(piece.upperBound), Int64(m), source, Int64(inputs),
          target,
          Int64(outputs))
      }
    }
  }

  /// Many rows: the blocked product.
  ///
  /// X is packed into tiles once, then every piece of output columns packs its own part of W and runs over all of X.
  private static func product(_ x: Tensor, _ w: mlt_matrix, back: Bool, into output: Tensor) {
    let (m, k, n) = (x.shape[0], x.shape[1], output.shape[1])
    guard k > 0 else { return output.target.update(repeating: 0, count: output.count) }
    let (mr, nr) = (Int(kernels.pointee.mr), Int(kernels.pointee.nr))
    let packed = Tensor.uninitialized([Int(mlt_packed_lanes(kernels, Int64(m), Int64(k)))])
    let (source, tiles, target) = (x.source, packed.target, output.target)
    VectorKernels.rows((m + mr - 1) / mr, width: mr * k) { piece in
      mlt_pack_rows(
        kernels, source, Int64(k), Int64(m), Int64(k), Int64(piece.lowerBound * mr),
        Int64(min(m, piece.upperBound * mr)), tiles)
    }
    // Three panels fill half of a 1 MiB second-level cache; narrow outputs take fewer, for the sake of balance.
    let panels = (n + nr - 1) / nr
    let grain = nr * max(1, min(3, panels / 12))
    withUnsafePointer(to: w) { w in
      VectorKernels.pieces(n, grain: grain) { piece in
        let scratch = Tensor.uninitialized([Int(mlt_product_scratch(kernels, Int64(piece.count)))])
        mlt_product(
          kernels, w, back ? 1 : 0, Int64(m), tiles, Int64(piece.lowerBound), Int64(piece.upperBound), target,
          Int64(n), scratch.target)
      }
    }
  }
}
