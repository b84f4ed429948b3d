// The attention of a block: projections, head norms, rotation, attention over the rows of each document or of a cache.

import SafeIO
import TensorCore

/// Grouped-query attention as its specification says.
final class Attention {
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let queryNorm: Norm?
  let keyNorm: Norm?
  private let spec: AttentionSpec
  private let rotary: RotaryTable

  init(_ spec: AttentionSpec, _ loader: WeightLoader, rotary: RotaryTable) throws(Failure) {
    self.spec = spec
    self.rotary = rotary
    query = try Linear(spec.query, loader)
    key = try Linear(spec.key, loader)
    value = try Linear(spec.value, loader)
    output = try Linear(spec.output, loader)
    queryNorm = try spec.queryNorm.map { spec throws(Failure) in try Norm(spec, loader) }
    keyNorm = try spec.keyNorm.map { spec throws(Failure) in try Norm(spec, loader) }
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  ///
  /// - Parameter layer: which part of the cache is this block's.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
    let projections = Linear.apply([query, key, value], to: x)
    let queries = rotated(heads(projections[0], spec.heads), queryNorm, pass)
    let keys = rotated(heads(projections[1], spec.keyValueHeads), keyNorm, pass)
    let values = heads(projections[2], spec.keyValueHeads)
    let mixed =
      pass.caches.isEmpty
      ? Tensor.attention(
        query: queries, key: keys, value: values, spans: pass.spans, scale: spec.scale, window: spec.window)
      : Tensor.attention(
        query: queries, kept: pass.append(keys, values, layer: layer), spans: pass.spans, scale: spec.scale,
        window: spec.window)
    return output(mixed.reshaped([mixed.shape[0], spec.heads * spec.headSize]))
  }

  /// `[rows, count · headSize]` as `[rows, count, headSize]`.
  private func heads(_ x: Tensor, _ count: Int) -> Tensor { x.reshaped([x.shape[0], count, spec.headSize]) }

  private func rotated(_ x: Tensor, _ norm: Norm?, _ pass: ForwardPass) -> Tensor {
    (norm.map { $0(x) } ?? x).rotary(rotary, positions: pass.positions)
  }
}
