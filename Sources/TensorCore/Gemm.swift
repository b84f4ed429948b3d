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
/// A format conforms by describing itself; one that has faster products of its own replaces `multiply(_:)`.
protocol StoredWeights: WeightMatrix {
  /// Where and how the matrix lies; valid while the object lives.
  var stored: mlt_matrix { get }

  /// How products with it round.
  var arithmetic: Arithmetic { get }

  /// As `multiply` of a tensor.
  func multiply(_ x: SharedActivations) -> Tensor
}

extension StoredWeights {
  package var rows: Int { Int(stored.rows) }

  package var columns: Int { Int(stored.columns) }

  package func multiply(_ x: Tensor) -> Tensor { multiply(SharedActivations(x)) }

  func multiply(_ x: SharedActivations) -> Tensor {
    withExtendedLifetime(self) { Gemm.multiply(x, stored, arithmetic) }
  }

  package func multiplyBack(_ dy: Tensor) -> Tensor { Gemm.multiplyBack([dy], by: [self]) }

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

/// Activations that several products read: each form that kernels want them in is made once.
final class SharedActivations {
  /// `[m, k]`, in f32.
  let x: Tensor
  private var forms: [String: Tensor] = [:]

  init(_ x: Tensor) { self.x = x }

  /// The activations in a form that has this name; `make` makes it the first time.
  func packed(_ name: String, make: () -> Tensor) -> Tensor {
    if let form = forms[name] { return form }
    let form = make()
    forms[name] = form
    return form
  }
}

/// Products with stored weights, alone or several that share their activations.
package enum Gemm {
  /// The best kernels for operands of 16 bits; those of f32 where nothing is gained by them.
  private nonisolated(unsafe) static let kernelsOf16Bits = mlt_fast_16_bits() ?? BlockedProduct.kernels

  /// What products with operands of 16 bits run on.
  static var nameOf16Bits: String { String(cString: kernelsOf16Bits.pointee.name) }

  private static func kernels(_ w: mlt_matrix, _ arithmetic: Arithmetic) -> BlockedProduct.Kernels {
    arithmetic == .exact || w.format == MLT_F32 || Int(w.columns) <= Arithmetic.exactColumns
      ? BlockedProduct.kernels : kernelsOf16Bits
  }

  /// `x · Wᵀ` for several matrices: x `[m, columns]` gives `[m, rows]` for each of them.
  ///
  /// The activations are packed once for all matrices that round alike; the results are those of `multiply` on each.
  package static func multiply(_ x: Tensor, by matrices: [any WeightMatrix]) -> [Tensor] {
    if let outputs = EightBitProduct.multiply(x, by: matrices) { return outputs }
    let shared = SharedActivations(x)
    return matrices.map { ($0 as? any StoredWeights)?.multiply(shared) ?? $0.multiply(x) }
  }

  /// `Σ dyᵢ · Wᵢ`, the gradient of an input that several matrices share: each dy `[m, rows]`, the sum `[m, columns]`.
  ///
  /// Sums in the order of the matrices, in place.
  package static func multiplyBack(_ dys: [Tensor], by matrices: [any WeightMatrix]) -> Tensor {
    precondition(dys.count == matrices.count && !dys.isEmpty, "a gradient belongs to each matrix")
    let output = Tensor.uninitialized([dys[0].shape[0], matrices[0].columns])
    for (index, (dy, matrix)) in zip(dys, matrices).enumerated() {
      precondition(
        dy.rank == 2 && dy.shape == [output.shape[0], matrix.rows]
          && matrix.columns == output.shape[1],
        "\(dy) cannot be multiplied back by a weight [\(matrix.rows), \(matrix.columns)] into \(output)"
      )
      guard let weights = matrix as? any StoredWeights else {
        let part = matrix.multiplyBack(dy)
        if index == 0 {
          output.copy(part, along: part.layout, into: output.layout)
        } else {
          output.accumulate(part, into: output.layout)
        }
        continue
      }
      withExtendedLifetime(weights) {
        BlockedProduct.multiplyBack(
          MatrixOperand(address: dy.source, stride: matrix.rows), weights.stored,
          kernels(weights.stored, weights.arithmetic), m: output.shape[0], n: matrix.columns,
          into: output.target, stride: matrix.columns, adding: index > 0)
      }
    }
    return output
  }

  /// `x · Wᵀ`: x `[m, columns]` gives `[m, rows]`.
  static func multiply(
    _ shared: SharedActivations, _ w: mlt_matrix, _ arithmetic: Arithmetic
  ) -> Tensor {
    let x = shared.x
    precondition(
      x.rank == 2 && x.shape[1] == Int(w.columns),
      "\(x) cannot be multiplied by a weight [\(w.rows), \(w.columns)]")
    let output = Tensor.uninitialized([x.shape[0], Int(w.rows)])
    if x.shape[0] <= Int(MLT_DOT_ROWS) {
      dot(x, w, into: output)
    } else {
      let kernels = kernels(w, arithmetic)
      let packed = shared.packed(String(cString: kernels.pointee.name)) {
        BlockedProduct.pack(
          MatrixOperand(address: x.source, stride: x.shape[1]), m: x.shape[0], k: x.shape[1], kernels)
      }
      BlockedProduct.run(
        packed, w, kernels, back: false, m: x.shape[0], n: Int(w.rows), into: output.target,
        stride: Int(w.rows), adding: false)
    }
    return output
  }

  /// Rows of W, widened to f32: `[count, columns]`, of which row `i` is row `row(i)` of W.
  static func expand(_ w: mlt_matrix, count: Int, row: (Int) -> Int64) -> Tensor {
    let output = Tensor.uninitialized([count, Int(w.columns)])
    let y = output.target
    withUnsafePointer(to: w) { w in
      VectorKernels.rows(count, width: Int(w.pointee.columns)) { rows in
        for index in rows {
          mlt_expand_row(BlockedProduct.kernels, w, row(index), y + index * Int(w.pointee.columns))
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
          BlockedProduct.kernels, w, Int64(piece.lowerBound), Int64(piece.upperBound), Int64(m), source,
          Int64(inputs),
          target,
          Int64(outputs))
      }
    }
  }
}
