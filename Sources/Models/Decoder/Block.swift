// One layer of a decoder.

import SafeIO
import TensorCore

/// Attention and feed-forward, each added to the residual stream that it reads.
final class Block {
  let attention: Attention
  let feedForward: FeedForward
  private let attentionNorm: Norm?
  private let attentionOutputNorm: Norm?
  private let feedForwardNorm: Norm?
  private let feedForwardOutputNorm: Norm?
  private let spec: BlockSpec
  private let layer: Int

  init(_ spec: BlockSpec, _ loader: WeightLoader, layer: Int, rotation: Rotation?) throws(Failure) {
    self.spec = spec
    self.layer = layer
    attentionNorm = try .optional(spec.attentionNorm, loader)
    attention = try Attention(spec.attention, loader, rotation: rotation)
    attentionOutputNorm = try .optional(spec.attentionOutputNorm, loader)
    feedForwardNorm = try .optional(spec.feedForwardNorm, loader)
    feedForward = try FeedForward(spec.feedForward, loader)
    feedForwardOutputNorm = try .optional(spec.feedForwardOutputNorm, loader)
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let input = attentionNorm?(x) ?? x
    let attended = x.plus(update(attention(input, pass, layer: layer), attentionOutputNorm))
    let read = spec.isParallel ? feedForwardNorm?(x) ?? input : feedForwardNorm?(attended) ?? attended
    // What one block hands to the next is kept, whatever else is made again.
    return attended.plus(update(feedForward(read), feedForwardOutputNorm)).kept()
  }

  /// What a part adds to the stream.
  private func update(_ x: Tensor, _ norm: Norm?) -> Tensor {
    let normalized = norm?(x) ?? x
    return spec.residualScale == 1 ? normalized : normalized * spec.residualScale
  }

  /// The linear layers in the order of Hugging Face's modules.
  var linears: [Linear] { attention.linears + feedForward.linears }

  /// Every weight in the order of `BlockSpec.parameters`.
  var weights: [Weight] {
    func all(_ norms: Norm?...) -> [Weight] { norms.flatMap { $0?.weights ?? [] } }
    return all(attentionNorm) + attention.weights + all(attentionOutputNorm, feedForwardNorm)
      + feedForward.weights + all(feedForwardOutputNorm)
  }
}
