// The attention of a block: projections, head norms, rotation, attention over the rows of each document or of a cache.

import SafeIO
import TensorCore

/// Grouped-query attention as its specification says.
final class Attention {
  let projections: Projections
  let output: Linear
  let queryNorm: Norm?
  let keyNorm: Norm?
  private let sinks: Weight?
  private let spec: AttentionSpec
  private let rotation: Rotation?

  init(_ spec: AttentionSpec, _ loader: WeightLoader, rotation: Rotation?) throws(Failure) {
    self.spec = spec
    self.rotation = rotation
    projections = try Projections(spec, loader)
    output = try Linear(spec.output, loader)
    queryNorm = try .optional(spec.queryNorm, loader)
    keyNorm = try .optional(spec.keyNorm, loader)
    sinks = try spec.sinks.map { spec throws(Failure) in try loader.vector(spec.name) }
  }

  /// In the order of `AttentionSpec.linears`.
  var linears: [Linear] { projections.linears + [output] }

  /// In the order of `AttentionSpec.parameters`.
  var weights: [Weight] {
    linears.flatMap(\.weights) + projections.normWeights + (queryNorm?.weights ?? [])
      + (keyNorm?.weights ?? [])
      + (sinks.map { [$0] } ?? [])
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  ///
  /// - Parameter layer: which part of the cache is this block's.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
    let projected = projections(x)
    let queries = rotated(
      clipped(normalized(projected.query, spec.heads, spec.queryNorm, queryNorm)), pass)
    let keys = rotated(
      clipped(normalized(projected.key, spec.keyValueHeads, spec.keyNorm, keyNorm)), pass)
    let values = clipped(heads(projected.value, spec.keyValueHeads))
    let mixed =
      pass.caches.isEmpty
      ? Tensor.attention(
        query: queries, key: keys, value: values, spans: pass.spans, scale: spec.scale, window: spec.window,
        softcap: spec.softcap, sinks: sinks?.expanded)
      : Tensor.attention(
        query: queries, kept: pass.append(keys, values, layer: layer), spans: pass.spans, scale: spec.scale,
        window: spec.window, softcap: spec.softcap, sinks: sinks?.expanded)
    let size = spec.valueSize ?? spec.headSize
    let heads = size < spec.headSize ? mixed.slice(axis: 2, end: size) : mixed
    return output(heads.reshaped([mixed.shape[0], spec.heads * size]))
  }

  /// `[rows, count · headSize]` as `[rows, count, headSize]`.
  private func heads(_ x: Tensor, _ count: Int) -> Tensor { x.reshaped([x.shape[0], count, spec.headSize]) }

  /// The same after a norm of each head, or of all together.
  private func normalized(_ x: Tensor, _ count: Int, _ spec: NormSpec?, _ norm: Norm?) -> Tensor {
    guard let spec, let norm else { return heads(x, count) }
    return spec.size == x.shape[1] ? heads(norm(x), count) : norm(heads(x, count))
  }

  private func clipped(_ x: Tensor) -> Tensor { spec.clip.map { x.clamp(min: -$0, max: $0) } ?? x }

  private func rotated(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    rotation?(x, pass) ?? x
  }
}
