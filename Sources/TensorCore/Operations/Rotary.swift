// Rotary position embedding: Su et al. 2021, "RoFormer" (arXiv:2104.09864), equation 34. A rotation's transpose is
// the rotation back, so the gradient is the same kernel with the other sign.

import CKernels
import Glibc
import Synchronization

/// Angles of the rotary embedding: frequencies, scale and the order of pairs.
///
/// As in transformers, angles are rounded to f32 (position · frequency); cosines and sines are computed in double from
/// these, times `attentionScale`, and rounded once. They are kept for all positions met so far.
package struct RotaryTable: Sendable {
  /// Which dimensions form a pair; `count` is the number of frequencies.
  package enum PairLayout: Sendable {
    /// i and i + count
    case half
    /// 2i and 2i + 1
    case interleaved
  }

  package let inverseFrequencies: [Float]
  package let attentionScale: Float
  package let layout: PairLayout
  private let cache = Cache()

  /// A table of `inverseFrequencies.count` pairs; the first `2 · count` dimensions of a head are rotated.
  package init(inverseFrequencies: [Float], attentionScale: Float = 1, layout: PairLayout = .half) {
    self.inverseFrequencies = inverseFrequencies
    self.attentionScale = attentionScale
    self.layout = layout
  }

  /// Cosines and sines `[positions, count]` for at least `positions` positions.
  fileprivate func rows(_ positions: Int) -> Rows {
    cache.rows.withLock { known in
      if let known, known.positions >= positions { return known }
      let rows = Rows(
        positions: Swift.max(positions, 2 * (known?.positions ?? 128)), inverseFrequencies, attentionScale)
      known = rows
      return rows
    }
  }

  private final class Cache: Sendable {
    let rows = Mutex<Rows?>(nil)
  }

  fileprivate struct Rows: Sendable {
    let positions: Int
    let cosines: [Float]
    let sines: [Float]

    init(positions: Int, _ frequencies: [Float], _ scale: Float) {
      self.positions = positions
      var cosines: [Float] = []
      var sines: [Float] = []
      cosines.reserveCapacity(positions * frequencies.count)
      sines.reserveCapacity(positions * frequencies.count)
      for position in 0..<positions {
        for frequency in frequencies {
          let angle = Double(Float(position) * frequency)
          cosines.append(Float(cos(angle) * Double(scale)))
          sines.append(Float(sin(angle) * Double(scale)))
        }
      }
      self.cosines = cosines
      self.sines = sines
    }
  }
}

extension Tensor {
  /// Rotates queries or keys `[rows, heads, headDim]` by the positions of their rows.
  package func rotary(_ table: RotaryTable, positions: [Int32]) -> Tensor {
    let pairs = table.inverseFrequencies.count
    precondition(
      rank == 3 && positions.count == shape[0] && 2 * pairs <= shape[2],
      "rotary needs [rows, heads, headDim] with a position per row and headDim ≥ \(2 * pairs), not \(self) with "
        + "\(positions.count) positions")
    precondition(positions.allSatisfy { $0 >= 0 }, "positions start at 0")
    let saved = recipe == nil ? nil : Saved(self)
    let recipe = saved.flatMap { saved in Tensor.recipe { saved.value.rotated(table, positions, back: false) }
    }
    let output = rotated(table, positions, back: false).remade(by: recipe)
    return Tensor.record("rotary", output: output, inputs: [self]) {
      [$0.rotated(table, positions, back: true)]
    }
  }

  private func rotated(_ table: RotaryTable, _ positions: [Int32], back: Bool) -> Tensor {
    let angles = table.rows(Int(positions.max() ?? 0) + 1)
    let output = Tensor.uninitialized(shape)
    let (heads, width, pairs) = (shape[1], shape[2], table.inverseFrequencies.count)
    let (x, y) = (source, output.target)
    positions.withUnsafeBufferPointer { positions in
      angles.cosines.withUnsafeBufferPointer { cosines in
        angles.sines.withUnsafeBufferPointer { sines in
          guard let numbers = positions.baseAddress, let c = cosines.baseAddress, let s = sines.baseAddress
          else { return output.copy(self, along: layout, into: layout) }
          VectorKernels.rows(positions.count, width: heads * width) { rows in
            let start = rows.lowerBound * heads * width
            VectorKernels.best.rotate(
              x + start, y + start, rows.count, heads, width, numbers + rows.lowerBound, c, s, pairs,
              table.layout == .interleaved ? 1 : 0, back ? 1 : 0)
          }
        }
      }
    }
    return output
  }
}
