// What mixes the rows of a document in a block, by kind.

import SafeIO
import TensorCore

/// The part of a block in which the rows of a document see each other.
protocol Mixer: AnyObject {
  /// The linear layers in the order of `MixerSpec.linears`.
  var linears: [Linear] { get }
  /// Every weight in the order of `MixerSpec.parameters`.
  var weights: [Weight] { get }
  /// The last of its layers.
  var output: Linear { get }
  /// Floats that a row leaves for the backward pass, between what the mixer reads and what it adds.
  var rememberedWidth: Int { get }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  ///
  /// - Parameter layer: which part of a cache is this block's.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor
}

extension MixerSpec {
  /// The mixer with its weights.
  func loaded(_ loader: WeightLoader, rotation: Rotation?) throws(Failure) -> any Mixer {
    switch self {
    case .attention(let spec): try Attention(spec, loader, rotation: rotation)
    case .shortConvolution(let spec): try ShortConvolution(spec, loader)
    case .stateSpace(let spec): try StateSpace(spec, loader)
    case .deltaNet(let spec): try DeltaNet(spec, loader)
    }
  }
}

/// A causal convolution of each channel over the rows of a document.
struct Convolution {
  private let weight: Weight
  private let bias: Weight?
  private let spec: ConvolutionSpec

  init(_ spec: ConvolutionSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    weight = try loader.vector(spec.name)
    bias = spec.hasBias ? try loader.vector("\(spec.path).bias") : nil
  }

  /// In the order of `ConvolutionSpec.parameters`.
  var weights: [Weight] { [weight] + (bias.map { [$0] } ?? []) }

  /// `[rows, channels]` gives `[rows, channels]`.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int, activation: Activation? = nil) -> Tensor {
    let taps = weight.expanded.reshaped([spec.channels, spec.taps]).transposed([1, 0])
    func convolved(_ x: Tensor, _ documents: [Range<Int>]) -> Tensor {
      x.causalConvolution(
        taps: taps, bias: bias?.expanded, documents: documents, activation: activation)
    }
    guard !pass.caches.isEmpty else { return convolved(x, pass.documents) }
    let (rows, documents, new) = pass.appended(x, keeping: spec.taps - 1, layer: layer)
    let all = convolved(rows, documents)
    let parts = new.map { all.slice(axis: 0, start: $0.lowerBound, end: $0.upperBound) }
    return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
  }
}

/// How fast memories decay, and the steps in which they learn.
struct Decay {
  private let rate: Weight
  private let stepBias: Weight

  init(_ spec: DecaySpec, _ loader: WeightLoader) throws(Failure) {
    rate = try loader.vector(spec.rate.name)
    stepBias = try loader.vector(spec.stepBias.name)
  }

  /// In the order of `DecaySpec.parameters`.
  var weights: [Weight] { [rate, stepBias] }

  /// softplus(step + bias): `[rows, heads]` gives `[rows, heads]`.
  func steps(_ step: Tensor) -> Tensor { (step + stepBias.expanded).softplus() }

  /// The logarithm of what steps leave of a memory: `[rows, heads]` gives `[rows, heads]`.
  func callAsFunction(_ steps: Tensor) -> Tensor { steps * (rate.expanded.exp() * -1) }
}
