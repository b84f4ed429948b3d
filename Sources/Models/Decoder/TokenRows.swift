// The input of a decoder: tokens of one or more documents, one after the other. Nothing is padded; which rows belong
// together is known to attention alone, so a batch, a packed row and a single text are the same thing.

import TensorCore

/// Tokens of documents in a row.
package struct TokenRows: Sendable, Equatable {
  package let ids: [Int32]
  /// Where each document lies in `ids`; consecutive, covering all of it.
  package let documents: [Range<Int>]

  /// Puts documents one after the other.
  package init(documents: [[Int32]]) {
    var ranges: [Range<Int>] = []
    var start = 0
    for document in documents {
      ranges.append(start..<start + document.count)
      start += document.count
    }
    ids = documents.flatMap { $0 }
    self.documents = ranges
  }
}

/// What the layers of one forward pass share.
struct ForwardPass {
  /// The position of each row in its document.
  let positions: [Int32]
  let spans: [AttentionSpan]
  let caches: KeyValueCaches?

  init(_ batch: TokenRows, caches: KeyValueCaches?) {
    let start = caches?.length ?? 0
    precondition(start == 0 || batch.documents.count == 1, "a cache continues one document")
    positions = batch.documents.flatMap { document in document.indices.map { Int32(start + $0) } }
    spans = batch.documents.map { document in
      AttentionSpan(queries: document, keys: document.lowerBound..<document.upperBound + start)
    }
    self.caches = caches
  }
}
