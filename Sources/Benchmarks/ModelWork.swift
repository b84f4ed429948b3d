// What a decoder has to do for a token, counted: the bytes it must read and the multiplications and additions it must
// compute. Norms, rotations and activations are left out: they are less than a hundredth.

import Models
import TensorCore

/// The least work of a decoder.
struct ModelWork {
  private let decoder: Decoder

  init(_ decoder: Decoder) { self.decoder = decoder }

  /// Bytes of all matrices that a token is multiplied by, in their stored form.
  var weightBytes: Double {
    let linears = decoder.linears.map(\.weight) + (decoder.head == nil ? [decoder.embedding] : [])
    return Double(
      linears.reduce(0) { bytes, weight in
        if case .stored(let matrix) = weight.value { bytes + matrix.byteCount } else { bytes }
      })
  }

  /// Operations of the matrices inside the blocks for a token.
  private var blockOperations: Double {
    2
      * decoder.spec.blocks.flatMap(\.linears).reduce(0.0) {
        $0 + Double($1.matrix.columns) * Double($1.matrix.rows)
      }
  }

  /// Operations of the head for a token.
  private var headOperations: Double {
    2 * Double(decoder.spec.vocabularySize) * Double(decoder.embedding.shape[1])
  }

  /// Operations of causal attention over a document of `length` tokens, in all blocks.
  private func attentionOperations(_ length: Int) -> Double {
    decoder.spec.blocks.compactMap(\.attention).reduce(0.0) {
      $0 + 2 * Double(length) * Double(length) * Double($1.headSize) * Double($1.heads)
    }
  }

  /// Operations of one token, attention left out.
  var tokenOperations: Double { blockOperations + headOperations }

  /// Operations of reading a prompt and predicting one token.
  func prefillOperations(_ length: Int) -> Double {
    blockOperations * Double(length) + attentionOperations(length) + headOperations
  }

  /// Operations of a training step with adapters of this rank on all linears of the blocks, and frozen weights: forward,
  /// and back to all inputs but the one of the first block.
  func trainingOperations(documents: Int, length: Int, rank: Int) -> Double {
    let tokens = Double(documents * length)
    // Of these inputs nobody needs a gradient: query, key and value of the first block.
    let lowest = (decoder.adaptableLinears.first ?? []).prefix(3).reduce(0.0) {
      $0 + 2 * Double($1.inputs) * Double($1.outputs)
    }
    let adapters = decoder.adaptableLinears.joined().reduce(0.0) {
      $0 + 2 * Double(rank) * Double($1.inputs + $1.outputs)
    }
    return tokens * (2 * blockOperations - lowest + 3 * adapters + 2 * headOperations)
      + 3.5 * Double(documents) * attentionOperations(length)
  }
}
