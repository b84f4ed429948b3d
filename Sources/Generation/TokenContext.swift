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

/// A text read by a decoder, with what the next tokens need of it kept.
///
/// Several texts are read together by `readTogether`: a step of B texts multiplies each weight matrix with B rows, and
/// costs little more than a step of one, since reading the weights is what takes the time. To generate from several
/// prompts, `read` each in its context, then call `readTogether` with each one's next token; a text that ends is left
/// out of the next call, a new one may join. Each text gets the logits that it would get alone.
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

  /// Where the text ends now, to go back to later.
  package var place: KeyValueCaches.Place { caches.place }

  /// Forgets what was read after a place in this text.
  package func goBack(to place: KeyValueCaches.Place) { caches.goBack(to: place) }

  package func read(_ ids: [Int32], logitsAt positions: [Int]) throws -> [[Float]] {
    try decoder.check(ids, place: "input", cached: length)
    return DecoderContext.run([(self, ids)], decoder, logitsAt: positions)
  }

  /// Reads tokens of several texts in one pass through the decoder that all of them share.
  ///
  /// - Parameter texts: different contexts, each with at least one token to read after what it has read before.
  /// - Returns: for each text the logits `[vocabulary]` at its last token.
  /// - Throws: `.badData` for tokens that the model does not know, or more than its context holds; no text has read
  ///   anything then.
  package static func readTogether(_ texts: [(context: DecoderContext, ids: [Int32])]) throws -> [[Float]] {
    guard let decoder = texts.first?.context.decoder else { return [] }
    precondition(
      texts.allSatisfy { $0.context.decoder === decoder }, "texts are read by one decoder together")
    precondition(
      Set(texts.map { ObjectIdentifier($0.context) }).count == texts.count
        && texts.allSatisfy { !$0.ids.isEmpty }, "a text is read once, and has something to read")
    for (index, text) in texts.enumerated() {
      try decoder.check(text.ids, place: "input \(index)", cached: text.context.length)
    }
    var (ends, end) = ([Int](), 0)
    for text in texts {
      end += text.ids.count
      ends.append(end - 1)
    }
    return run(texts, decoder, logitsAt: ends)
  }

  /// - Parameter positions: indices into all tokens, one text after the other.
  private static func run(
    _ texts: [(context: DecoderContext, ids: [Int32])], _ decoder: Decoder, logitsAt positions: [Int]
  ) -> [[Float]] {
    withoutRecording {
      var hidden = decoder.forward(
        TokenRows(documents: texts.map(\.ids)), caches: texts.map(\.context.caches))
      guard !positions.isEmpty else { return [] }
      if positions.count < hidden.shape[0] { hidden = hidden.embedding(ids: positions.map(Int32.init)) }
      let logits = decoder.logits(hidden)
      let (values, width) = (logits.floats(), logits.shape[1])
      return positions.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
  }
}
