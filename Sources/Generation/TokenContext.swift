// A model as generation sees it: tokens go in, logits come out, and what was read stays read.

import Models
import SafeIO
import TensorCore

/// One text that a model is reading.
package protocol TokenContext: AnyObject {
  /// The most tokens that can be read.
  var capacity: Int { get }
  /// Tokens read so far.
  var length: Int { get }
  /// Reads `ids` after what was read before, and returns the logits `[vocabulary]` at each of `positions`, which are
  /// ascending indices into `ids`: what the model expects after that token.
  ///
  /// The tokens must fit: `length + ids.count <= capacity`.
  func read(_ ids: [Int32], logitsAt positions: [Int]) throws -> [[Float]]
}

extension TokenContext {
  /// Reads tokens in pieces, calling `check` before each, and returns the logits at `positions`.
  package func readInPieces(
    _ ids: [Int32], logitsAt positions: [Int], pieceLength: Int = 512, check: () throws -> Void
  ) throws -> [[Float]] {
    var logits: [[Float]] = []
    for start in stride(from: 0, to: ids.count, by: pieceLength) {
      try check()
      let piece = start..<min(start + pieceLength, ids.count)
      logits += try read(Array(ids[piece]), logitsAt: positions.filter(piece.contains).map { $0 - start })
    }
    return logits
  }
}

/// A text read by a decoder, with the keys and values of its tokens kept.
package final class DecoderContext: TokenContext {
  private let decoder: Decoder
  private let caches: KeyValueCaches
  package let capacity: Int

  package init(_ decoder: Decoder, capacity: Int) {
    self.decoder = decoder
    self.capacity = capacity
    caches = KeyValueCaches(decoder.spec)
  }

  package var length: Int { caches.length }

  /// Forgets all but the first `length` tokens.
  package func truncate(to length: Int) { caches.truncate(to: length) }

  package func read(_ ids: [Int32], logitsAt positions: [Int]) throws -> [[Float]] {
    try decoder.check(ids, place: "input", cached: length)
    return withoutRecording {
      let hidden = decoder.forward(TokenRows(documents: [ids]), caches: caches)
      guard !positions.isEmpty else { return [] }
      let rows = hidden.embedding(ids: positions.map(Int32.init))
      let logits = decoder.logits(rows)
      let (values, width) = (logits.floats(), logits.shape[1])
      return positions.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
  }
}
