// What encoding gives: parallel arrays, one element for each token.

/// A tokenized text.
package struct Encoding: Sendable, Equatable {
  package var ids: [Int32] = []
  /// The tokens as the vocabulary writes them; an added token with the white space it took along.
  package var tokens: [String] = []
  /// Where each token comes from, in code points of its text; empty at 0 for tokens that were put in.
  package var offsets: [Range<Int>] = []
  /// Which text of a pair each token belongs to, as the template says.
  package var typeIDs: [Int32] = []
  /// Which tokens only make the encodings of a batch equally long.
  package internal(set) var padding = 0..<0

  package var count: Int { ids.count }

  mutating func append(_ other: Encoding) {
    ids += other.ids
    tokens += other.tokens
    offsets += other.offsets
    typeIDs += other.typeIDs
  }
}
