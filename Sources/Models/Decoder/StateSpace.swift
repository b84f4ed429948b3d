// The mixer of Mamba-2.

import SafeIO
import TensorCore

/// A selective state space as its specification says.
final class StateSpace: Mixer {
  let output: Linear
  private let input: Linear
  private let convolution: Convolution
  private let decay: Decay
  private let skip: Weight
  private let norm: GatedNorm
  private let spec: StateSpaceSpec

  init(_ spec: StateSpaceSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    input = try Linear(spec.input, loader)
    convolution = try Convolution(spec.convolution, loader)
    decay = try Decay(spec.decay, loader)
    skip = try loader.vector(spec.skip.name)
    norm = try GatedNorm(spec.norm, loader)
    output = try Linear(spec.output, loader)
  }

  var linears: [Linear] { [input, output] }

  var weights: [Weight] {
    linears.flatMap(\.weights) + convolution.weights + decay.weights + [skip] + norm.weights
  }

  /// The input's parts, those of the convolution before and after, and three stages of the output.
  var rememberedWidth: Int { 2 * input.outputs + spec.convolution.channels + 3 * spec.width }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
    let (rows, states) = (x.shape[0], spec.groups * spec.stateSize)
    let parts = input(x).split(axis: 1, sizes: [spec.width, spec.convolution.channels, spec.heads])
    let mixed = convolution(parts[1], pass, layer: layer, activation: .silu)
      .split(axis: 1, sizes: [spec.width, states, states])
    let values = mixed[0].reshaped([rows, spec.heads, spec.headSize])
    let (keys, queries) = (groups(mixed[1]), groups(mixed[2]))
    let (low, high) = (spec.stepLimits.lowerBound, spec.stepLimits.upperBound)
    let plain = decay.steps(parts[2])
    let steps = low == 0 && high == .infinity ? plain : plain.clamp(min: low, max: high)
    let read = pass.recurrence(
      query: queries, key: keys, value: values, decay: decay(steps), step: steps, rule: .additive,
      layer: layer)
    let whole = read + values * skip.expanded.reshaped([spec.heads, 1])
    return output(norm(whole.reshaped([rows, spec.width]), gate: parts[0]))
  }

  /// `[rows, groups · stateSize]` as `[rows, groups, stateSize]`.
  private func groups(_ x: Tensor) -> Tensor { x.reshaped([x.shape[0], spec.groups, spec.stateSize]) }
}

/// A norm of what a gate lets through.
private struct GatedNorm {
  private let weight: Weight
  private let spec: GatedNormSpec

  init(_ spec: GatedNormSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    weight = try loader.vector(spec.name)
  }

  var weights: [Weight] { [weight] }

  /// `[rows, size]` gives `[rows, size]`.
  func callAsFunction(_ x: Tensor, gate: Tensor) -> Tensor {
    let open = Tensor.gated(.silu, gate: gate, up: x)
    guard spec.groups > 1 else { return open.rmsNorm(weight: weight.expanded, epsilon: spec.epsilon) }
    let groups = open.reshaped([x.shape[0], spec.groups, spec.size / spec.groups])
    return groups.rmsNorm(weight: nil, epsilon: spec.epsilon).reshaped(x.shape) * weight.expanded
  }
}
