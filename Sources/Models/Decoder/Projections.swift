// Queries, keys and values of rows.

import SafeIO
import TensorCore

/// The layers that make queries, keys and values.
struct Projections {
  let linears: [Linear]
  private let norms: [Norm]
  private let spec: AttentionSpec

  init(_ spec: AttentionSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    linears = try spec.projection.linears.map { spec throws(Failure) in try Linear(spec, loader) }
    norms = try spec.projection.norms.map { spec throws(Failure) in try Norm(spec, loader) }
  }

  /// In the order of `ProjectionSpec.norms`.
  var normWeights: [Weight] { norms.flatMap(\.weights) }

  /// `[rows, hidden]` gives queries `[rows, heads · headSize]`, keys and values `[rows, keyValueHeads · headSize]`; what is
  /// rotated comes first in each head, and heads of less than `headSize` end in zeros.
  func callAsFunction(_ x: Tensor) -> (query: Tensor, key: Tensor, value: Tensor) {
    switch spec.projection {
    case .separate:
      let parts = Linear.apply(linears, to: x)
      return (parts[0], parts[1], parts[2])
    case .fused(_, .kinds): return split(linears[0](x), groups: 1)
    case .fused(_, .groups): return split(linears[0](x), groups: spec.keyValueHeads)
    case .latent(let latent): return unfold(x, latent)
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

  /// Queries, keys and values from latent vectors.
  ///
  /// Files hold in each head first what is not rotated; a product of queries and keys does not care.
  private func unfold(_ x: Tensor, _ latent: LatentSpec) -> (Tensor, Tensor, Tensor) {
    let (rows, heads, rotated, fixed) = (x.shape[0], spec.heads, latent.rotatedSize, latent.fixedSize)
    let (keyValueDown, keyValue) = (linears[linears.count - 2], linears[linears.count - 1])
    let first = Linear.apply([linears[0], keyValueDown], to: x)
    let queries = (latent.queryDown == nil ? first[0] : linears[1](norms[0](first[0])))
      .reshaped([rows, heads, fixed + rotated])
    let width = latent.keyValueNorm.size
    let common = first[1].slice(axis: 1, start: width).reshaped([rows, 1, rotated])
    let own = keyValue(norms[norms.count - 1](first[1].slice(axis: 1, end: width)))
      .reshaped([rows, heads, fixed + latent.valueSize])
    return (
      joined([queries.slice(axis: 2, start: fixed), queries.slice(axis: 2, end: fixed)]),
      joined([common.expanded(to: [rows, heads, rotated]), own.slice(axis: 2, end: fixed)]),
      joined([own.slice(axis: 2, start: fixed)])
    )
  }

  /// Parts `[rows, heads, size]` of heads one after another, and zeros up to `headSize`: `[rows, heads · headSize]`.
  private func joined(_ parts: [Tensor]) -> Tensor {
    let rows = parts[0].shape[0]
    let missing = spec.headSize - parts.reduce(0) { $0 + $1.shape[2] }
    let zeros = missing > 0 ? [Tensor.zeros([rows, spec.heads, missing])] : []
    let heads = parts.count + zeros.count > 1 ? Tensor.concatenated(parts + zeros, axis: 2) : parts[0]
    return heads.reshaped([rows, spec.heads * spec.headSize])
  }
}
