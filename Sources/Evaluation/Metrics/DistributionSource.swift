// Where the probabilities of next tokens come from: a model, or a file that keeps what a model said.

import Models
import SafeIO
import TensorCore

/// Gives logits window by window, in the order of a plan.
package protocol DistributionSource: AnyObject {
  /// What the source is, for errors.
  var name: String { get }
  var vocabularySize: Int { get }

  /// Goes to the next window.
  ///
  /// - Throws: `Failure` when the window can't be computed or is not the one that was kept.
  func begin(_ window: ScoringWindow) throws(Failure)

  /// The logits that predict the tokens at `positions`, `[positions.count, vocabulary]`.
  ///
  /// Within a window, positions are asked for in order, each scored one once.
  func logits(_ positions: Range<Int>) -> Tensor
}

/// What a model says.
package final class DecoderDistributions: DistributionSource {
  package let name: String
  private let decoder: Decoder
  private var hidden: Tensor?

  package init(_ decoder: Decoder, name: String) {
    self.decoder = decoder
    self.name = name
  }

  package var vocabularySize: Int { decoder.spec.vocabularySize }

  package func begin(_ window: ScoringWindow) throws(Failure) {
    try decoder.check(window.ids, place: name)
    hidden = nil
    hidden = withoutRecording { decoder.forward(TokenRows(documents: [window.ids])) }
  }

  package func logits(_ positions: Range<Int>) -> Tensor {
    guard let hidden else { preconditionFailure("no window has begun") }
    return withoutRecording {
      decoder.logits(hidden.slice(axis: 0, start: positions.lowerBound - 1, end: positions.upperBound - 1))
    }
  }
}
