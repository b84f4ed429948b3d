// The input of a decoder: tokens of one or more documents, one after the other. Nothing is padded; which rows belong
// together is known to mixers alone, so a batch, a packed row and a single text are the same thing.

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
  /// One for each document, or none.
  let caches: [KeyValueCaches]
  /// Where the rows of each document lie.
  let documents: [Range<Int>]

  init(_ batch: TokenRows, caches: [KeyValueCaches]) {
    precondition(
      caches.isEmpty || caches.count == batch.documents.count,
      "\(caches.count) caches for \(batch.documents.count) documents")
    let starts = caches.isEmpty ? batch.documents.map { _ in 0 } : caches.map(\.length)
    positions = zip(batch.documents, starts).flatMap { document, start in
      (0..<document.count).map { Int32(start + $0) }
    }
    spans = zip(batch.documents, starts).map { document, start in
      AttentionSpan(
        queries: document, keys: caches.isEmpty ? document : 0..<start + document.count)
    }
    self.caches = caches
    documents = batch.documents
  }

  /// Stores the rows' keys and values, and returns for each document those of all its tokens.
  func append(_ keys: Tensor, _ values: Tensor, layer: Int) -> [(keys: Tensor, values: Tensor)] {
    zip(caches, documents).map { $0.append(keys, values, rows: $1, layer: layer) }
  }

  /// Counts the rows that every layer has stored.
  func finish() {
    for (cache, document) in zip(caches, documents) { cache.advance(by: document.count) }
  }
}
