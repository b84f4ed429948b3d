// Finds many strings in a text at once, by the automaton of Aho and Corasick (doi:10.1145/360825.360855) over bytes. It
// reads strings and text backwards: where a string begins, the longest one that begins there is known.

/// Byte strings with an id each.
struct TokenTrie: Sendable {
  /// A string in a text.
  struct Match {
    var id: Int32
    var range: Range<Int>
  }

  private struct Node: Sendable {
    var id: Int32?
    /// Bytes from the root to here.
    var depth: Int
    var edges: [(byte: UInt8, node: Int)] = []
    /// The node of the longest proper suffix that is in the trie, in the order of reading.
    var shorter = 0
    /// The longest string that ends here: this node or one of the shorter ones; 0 for none.
    var found = 0
  }

  private var nodes = [Node(depth: 0)]
  /// The child of the root for each byte, 0 for none: most places of a text are decided here.
  private var roots = [Int](repeating: 0, count: 256)

  var isEmpty: Bool { nodes.count == 1 }

  /// Takes strings that are not empty; of equal ones the last counts.
  init(_ strings: [(bytes: [UInt8], id: Int32)] = []) {
    for (bytes, id) in strings {
      var node = 0
      for byte in bytes.reversed() { node = child(of: node, byte) ?? addChild(to: node, byte) }
      nodes[node].id = id
    }
    link()
  }

  /// The longest string at every place where one begins, from left to right.
  /// - Complexity: linear in the length of the text, and in the number of matches.
  func longestMatches(in bytes: [UInt8]) -> [Match] {
    var matches: [Match] = []
    var node = 0
    for start in bytes.indices.reversed() {
      node = next(node, bytes[start])
      let found = nodes[nodes[node].found]
      if let id = found.id { matches.append(Match(id: id, range: start..<start + found.depth)) }
    }
    return matches.reversed()
  }

  /// Nodes level by level, so that shorter ones come first.
  private mutating func link() {
    var queue = nodes[0].edges.map(\.node)
    var position = 0
    while position < queue.count {
      let node = queue[position]
      position += 1
      nodes[node].found = nodes[node].id != nil ? node : nodes[nodes[node].shorter].found
      for (byte, child) in nodes[node].edges {
        nodes[child].shorter = next(nodes[node].shorter, byte)
        queue.append(child)
      }
    }
  }

  private func next(_ node: Int, _ byte: UInt8) -> Int {
    var node = node
    while node != 0 {
      if let child = child(of: node, byte) { return child }
      node = nodes[node].shorter
    }
    return roots[Int(byte)]
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    if node == 0 { return roots[Int(byte)] == 0 ? nil : roots[Int(byte)] }
    return nodes[node].edges.first { $0.byte == byte }?.node
  }

  private mutating func addChild(to node: Int, _ byte: UInt8) -> Int {
    nodes.append(Node(depth: nodes[node].depth + 1))
    if node == 0 { roots[Int(byte)] = nodes.count - 1 }
    nodes[node].edges.append((byte, nodes.count - 1))
    return nodes.count - 1
  }
}
