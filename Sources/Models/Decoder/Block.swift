// One layer of a decoder.

import SafeIO
import TensorCore

/// Attention and feed-forward, each on the normalized stream and added to it.
final class Block {
  let attentionNorm: Norm
  let attention: Attention
  let feedForwardNorm: Norm
  let feedForward: FeedForward
  private let layer: Int

  init(_ spec: BlockSpec, _ loader: WeightLoader, layer: Int, rotary: RotaryTable) throws(Failure) {
    self.layer = layer
    attentionNorm = try Norm(spec.attentionNorm, loader)
    attention = try Attention(spec.attention, loader, rotary: rotary)
    feedForwardNorm = try Norm(spec.feedForwardNorm, loader)
    feedForward = try FeedForward(spec.feedForward, loader)
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let attended = x.plus(attention(attentionNorm(x), pass, layer: layer))
    // What one block hands to the next is kept, whatever else is made again.
    return attended.plus(feedForward(feedForwardNorm(attended))).kept()
  }

  /// The linear layers in the order of Hugging Face's modules.
  var linears: [Linear] {
    [attention.query, attention.key, attention.value, attention.output] + feedForward.linears
  }

  /// Every weight in the order of `BlockSpec.parameters`.
  var weights: [Weight] {
    func all(_ linears: [Linear]) -> [Weight] {
      linears.flatMap { [$0.weight] + ($0.bias.map { [$0] } ?? []) }
    }
    let headNorms = [attention.queryNorm, attention.keyNorm].compactMap { $0?.weight }
    return [attentionNorm.weight] + all([attention.query, attention.key, attention.value, attention.output])
      + headNorms + [feedForwardNorm.weight] + all(feedForward.linears)
  }
}
