// The attention of a block: projections, head norms, rotation, attention over the rows of each document or of a cache.

import SafeIO
import TensorCore

/// Grouped-query attention as its specification says.
final class Attention: Mixer {
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

  /// Queries, keys and values, and what is made of them.
  var rememberedWidth: Int { output.inputs + projections.linears.reduce(0) { $0 + $1.outputs } }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
    let projected = projections(x)
    let (query, gate) = gated(projected.query)
    let queries = rotated(
      clipped(normalized(query, spec.heads, spec.queryNorm, queryNorm)), pass)
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
    let whole = heads.reshaped([mixed.shape[0], spec.heads * size])
    return output(gate.map { .gated(.sigmoid, gate: $0, up: whole) } ?? whole)
  }

  /// `[rows, count · headSize]` as `[rows, count, headSize]`.
  private func heads(_ x: Tensor, _ count: Int) -> Tensor { x.reshaped([x.shape[0], count, spec.headSize]) }

  /// Queries, and gates where these follow each query: `[rows, heads · headSize]`.
  private func gated(_ x: Tensor) -> (query: Tensor, gate: Tensor?) {
    guard spec.hasOutputGate else { return (x, nil) }
    let (rows, size) = (x.shape[0], spec.headSize)
    let parts = x.reshaped([rows, spec.heads, 2 * size]).split(axis: 2, sizes: [size, size])
    return (parts[0].reshaped([rows, spec.heads * size]), parts[1].reshaped([rows, spec.heads * size]))
  }

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
