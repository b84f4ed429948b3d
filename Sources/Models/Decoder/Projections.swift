// Queries, keys and values of rows.

import SafeIO
import TensorCore

/// The layers that make queries, keys and values.
struct Projections {
  let linears: [Linear]
  private let spec: AttentionSpec

  init(_ spec: AttentionSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    linears = try spec.projection.linears.map { spec throws(Failure) in try Linear(spec, loader) }
  }

  /// `[rows, hidden]` gives queries `[rows, heads · headSize]`, keys and values `[rows, keyValueHeads · headSize]`.
  func callAsFunction(_ x: Tensor) -> (query: Tensor, key: Tensor, value: Tensor) {
    let parts = Linear.apply(linears, to: x)
    switch spec.projection {
    case .separate: return (parts[0], parts[1], parts[2])
    case .fused(_, .kinds): return split(parts[0], groups: 1)
    case .fused(_, .groups): return split(parts[0], groups: spec.keyValueHeads)
    }
  }

  /// Takes apart rows of groups, each with its queries, keys and values.
  private func split(_ x: Tensor, groups: Int) -> (Tensor, Tensor, Tensor) {
    let (rows, size) = (x.shape[0], spec.headSize)
    let (queries, keys) = (spec.heads / groups, spec.keyValueHeads / groups)
    let heads = x.reshaped([rows, groups, queries + 2 * keys, size])
    func part(_ start: Int, _ count: Int) -> Tensor {
      heads.slice(axis: 2, start: start, end: start + count).reshaped([rows, groups * count * size])
    }
    return (part(0, queries), part(queries, keys), part(queries + keys, keys))
  }
}
