// The vocabulary as a prefix tree over the bytes that each token adds to the text. A grammar walks it once per
// step: where the grammar refuses a byte, all tokens below are refused together.

import Tokenization

/// A vocabulary's tokens by their bytes, as a tree in depth-first order, made once per tokenizer.
package final class VocabularyTrie: Sendable {
  /// A node, reached by one more byte than its parent.
  package struct Node: Sendable {
    package let byte: UInt8
    /// Number of bytes from the root to here, from 1.
    package let depth: Int32
    /// Index of the first node after everything below this one.
    package fileprivate(set) var end: Int32
    /// The tokens that end here, as a range of `tokens`.
    package fileprivate(set) var tokens: Range<Int32>
  }

  /// All nodes but the root, each before what is below it.
  package let nodes: [Node]
  /// Token ids in the order in which the nodes name them.
  package let tokens: [Int32]
  /// Ids run from 0 to `size - 1`, whether they have bytes or not.
  package let size: Int
  /// The bytes that a single token can add: what can be spelled whatever the merges are.
  package let alphabet: ByteSet
  package let maximumDepth: Int
  private let spelling: [[UInt8]?]

  /// The tree of a tokenizer's ordinary tokens; special tokens never appear in it.
  package convenience init(_ tokenizer: Tokenizer) {
    self.init((0..<Int32(tokenizer.vocabularySize)).map { tokenizer.bytes(of: $0) })
  }

  /// The tree of a vocabulary given as bytes by id; nil and empty entries are never part of constrained text.
  package init(_ spelling: [[UInt8]?]) {
    let entries = spelling.enumerated()
      .compactMap { id, bytes in bytes.flatMap { $0.isEmpty ? nil : (id: Int32(id), bytes: $0) } }
      .sorted { $0.bytes == $1.bytes ? $0.id < $1.id : $0.bytes.lexicographicallyPrecedes($1.bytes) }
    var nodes: [Node] = []
    var tokens: [Int32] = []
    var path: [Int] = []
    var alphabet = ByteSet()
    for (id, bytes) in entries {
      var common = 0
      while common < min(path.count, bytes.count), nodes[path[common]].byte == bytes[common] { common += 1 }
      for index in path[common...] { nodes[index].end = Int32(nodes.count) }
      path.removeSubrange(common...)
      for depth in common..<bytes.count {
        path.append(nodes.count)
        let here = Int32(tokens.count)
        nodes.append(Node(byte: bytes[depth], depth: Int32(depth + 1), end: 0, tokens: here..<here))
      }
      tokens.append(id)
      // Sorted entries name a node's tokens before anything below it is added, so its range is contiguous.
      if let last = path.last {
        nodes[last].tokens = nodes[last].tokens.lowerBound..<Int32(tokens.count)
      }
      if bytes.count == 1 { alphabet.insert(bytes[0]) }
    }
    for index in path { nodes[index].end = Int32(nodes.count) }
    self.nodes = nodes
    self.tokens = tokens
    self.alphabet = alphabet
    self.spelling = spelling
    size = spelling.count
    maximumDepth = entries.reduce(0) { max($0, $1.bytes.count) }
  }

  /// The bytes that `id` adds to the text, nil for special tokens and ids outside the vocabulary.
  package func bytes(of id: Int32) -> [UInt8]? {
    spelling.indices.contains(Int(id)) ? spelling[Int(id)] : nil
  }
}
