// Rotary positions of a block. Where angles depend on the length of the sequence, each document has its own.

import TensorCore

/// Rotates queries and keys as a specification says; blocks of one specification share it.
final class Rotation {
  private let spec: RotarySpec
  private var tables: [[Float]: RotaryTable] = [:]
  /// The only one, where the length of the sequence does not matter.
  private lazy var table = table(length: 1)

  init(_ spec: RotarySpec) { self.spec = spec }

  /// `[rows, heads, headSize]`, rotated by the positions of their rows.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    guard spec.scaling.dependsOnLength else { return x.rotary(table, positions: pass.positions) }
    let parts = pass.spans.map { span in
      let rows = span.queries
      return x.slice(axis: 0, start: rows.lowerBound, end: rows.upperBound).rotary(
        table(length: span.keys.count), positions: Array(pass.positions[rows]))
    }
    return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
  }

  private func table(length: Int) -> RotaryTable {
    let frequencies = spec.inverseFrequencies(length: length)
    if let known = tables[frequencies] { return known }
    let table = RotaryTable(
      inverseFrequencies: frequencies, attentionScale: spec.scaling.attentionScale, layout: spec.layout)
    tables[frequencies] = table
    return table
  }
}
