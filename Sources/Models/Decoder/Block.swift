// One layer of a decoder.

import SafeIO
import TensorCore

/// A mixer and a feed-forward part, each added to the residual stream that it reads.
final class Block {
  let mixer: any Mixer
  let feedForward: FeedForward?
  private let mixerNorm: Norm?
  private let mixerOutputNorm: Norm?
  private let feedForwardNorm: Norm?
  private let feedForwardOutputNorm: Norm?
  private let spec: BlockSpec
  private let layer: Int

  init(_ spec: BlockSpec, _ loader: WeightLoader, layer: Int, rotation: Rotation?) throws(Failure) {
    self.spec = spec
    self.layer = layer
    mixerNorm = try .optional(spec.mixerNorm, loader)
    mixer = try spec.mixer.loaded(loader, rotation: rotation)
    mixerOutputNorm = try .optional(spec.mixerOutputNorm, loader)
    feedForwardNorm = try .optional(spec.feedForwardNorm, loader)
    feedForward = try spec.feedForward.map { spec throws(Failure) in try FeedForward(spec, loader) }
    feedForwardOutputNorm = try .optional(spec.feedForwardOutputNorm, loader)
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let input = mixerNorm?(x) ?? x
    let mixed = x.plus(update(mixer(input, pass, layer: layer), mixerOutputNorm))
    // What one block hands to the next is kept, whatever else is made again.
    guard let feedForward else { return mixed.kept() }
    let read = spec.isParallel ? feedForwardNorm?(x) ?? input : feedForwardNorm?(mixed) ?? mixed
    return mixed.plus(update(feedForward(read), feedForwardOutputNorm)).kept()
  }

  /// What a part adds to the stream.
  private func update(_ x: Tensor, _ norm: Norm?) -> Tensor {
    let normalized = norm?(x) ?? x
    return spec.residualScale == 1 ? normalized : normalized * spec.residualScale
  }

  /// The linear layers in the order of Hugging Face's modules.
  var linears: [Linear] { mixer.linears + (feedForward?.linears ?? []) }

  /// Every weight in the order of `BlockSpec.parameters`.
  var weights: [Weight] {
    func all(_ norms: Norm?...) -> [Weight] { norms.flatMap { $0?.weights ?? [] } }
    return all(mixerNorm) + mixer.weights + all(mixerOutputNorm, feedForwardNorm)
      + (feedForward?.weights ?? []) + all(feedForwardOutputNorm)
  }
}
