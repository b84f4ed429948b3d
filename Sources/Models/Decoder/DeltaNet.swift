// The mixer of Qwen3-Next.

import SafeIO
import TensorCore

/// A gated delta net as its specification says.
final class DeltaNet: Mixer {
  let output: Linear
  private let projections: [Linear]
  private let convolution: Convolution
  private let decay: Decay
  private let norm: Norm
  private let spec: DeltaNetSpec
  /// What RMS norms of queries and keys are multiplied by, so that these have the length 1, and queries are then scaled.
  private let queryScale: Tensor
  private let keyScale: Tensor

  init(_ spec: DeltaNetSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    projections = try spec.projection.linears.map { spec throws(Failure) in try Linear(spec, loader) }
    convolution = try Convolution(spec.convolution, loader)
    decay = try Decay(spec.decay, loader)
    norm = try Norm(spec.norm, loader)
    output = try Linear(spec.output, loader)
    let size = Float(spec.keySize)
    queryScale = .full([spec.keySize], value: 1 / size)
    keyScale = .full([spec.keySize], value: 1 / size.squareRoot())
  }

  var linears: [Linear] { projections + [output] }

  var weights: [Weight] {
    linears.flatMap(\.weights) + convolution.weights + decay.weights + norm.weights
  }

  /// What the layers put out, the convolution before and after, keys and queries, and two stages of the output.
  var rememberedWidth: Int {
    projections.reduce(0) { $0 + $1.outputs } + 2 * spec.convolution.channels + 2 * spec.keyWidth
      + 2 * spec.valueWidth
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
    let rows = x.shape[0]
    let projected = project(x)
    let mixed = convolution(projected.rows, pass, layer: layer, activation: .silu)
      .split(axis: 1, sizes: [spec.keyWidth, spec.keyWidth, spec.valueWidth])
    let heads = [rows, spec.heads, spec.valueSize]
    let read = pass.recurrence(
      query: unit(mixed[0], queryScale), key: unit(mixed[1], keyScale), value: mixed[2].reshaped(heads),
      decay: decay(decay.steps(projected.decays)), step: projected.steps.sigmoid(), rule: .delta,
      layer: layer)
    let gated = Tensor.gated(.silu, gate: projected.gates.reshaped(heads), up: norm(read))
    return output(gated.reshaped([rows, spec.valueWidth]))
  }

  /// Queries, keys and values of a row one after another, gates, and for each head step and decay.
  private func project(_ x: Tensor) -> (rows: Tensor, gates: Tensor, steps: Tensor, decays: Tensor) {
    let parts = Linear.apply(projections, to: x)
    switch spec.projection {
    case .separate: return (parts[0], parts[1], parts[2], parts[3])
    case .grouped:
      let (rows, groups, heads) = (x.shape[0], spec.keyHeads, spec.heads / spec.keyHeads)
      func split(_ part: Tensor, _ sizes: [Int]) -> [Tensor] {
        part.reshaped([rows, groups, sizes.reduce(0, +)]).split(axis: 2, sizes: sizes).map {
          $0.reshaped([rows, groups * $0.shape[2]])
        }
      }
      let wide = split(
        parts[0], [spec.keySize, spec.keySize, heads * spec.valueSize, heads * spec.valueSize])
      let numbers = split(parts[1], [heads, heads])
      return (.concatenated(Array(wide[0..<3]), axis: 1), wide[3], numbers[0], numbers[1])
    }
  }

  /// `[rows, keyHeads · keySize]` as heads of the length that `scale` gives an RMS norm.
  private func unit(_ x: Tensor, _ scale: Tensor) -> Tensor {
    // transformers adds 1e-6 to the sum of squares, of which an RMS norm takes the mean.
    x.reshaped([x.shape[0], spec.keyHeads, spec.keySize])
      .rmsNorm(weight: scale, epsilon: 1e-6 / Float(spec.keySize))
  }
}
