// Finds the longest of many strings that stands at a place: a trie over bytes.

/// Byte strings with an id each.
struct TokenTrie: Sendable {
  private struct Node: Sendable {
    var id: Int32?
    var edges: [(byte: UInt8, node: Int)] = []
  }

  private var nodes = [Node()]
  /// The child of the root for each byte, 0 for none: most places of a text are decided here.
  private var roots = [Int](repeating: 0, count: 256)

  var isEmpty: Bool { nodes.count == 1 }

  /// Adds a string that is not empty; an equal one is replaced.
  mutating func insert(_ bytes: [UInt8], id: Int32) {
    var node = 0
    for byte in bytes { node = child(of: node, byte) ?? addChild(to: node, byte) }
    nodes[node].id = id
  }

  /// The longest string that `bytes` has at `start`, up to `end`.
  func longestMatch(in bytes: [UInt8], at start: Int, end: Int) -> (id: Int32, length: Int)? {
    var node = roots[Int(bytes[start])]
    if node == 0 { return nil }
    var best: (id: Int32, length: Int)?
    var position = start + 1
    while true {
      if let id = nodes[node].id { best = (id, position - start) }
      guard position < end, let next = child(of: node, bytes[position]) else { return best }
      node = next
      position += 1
    }
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    if node == 0 { return roots[Int(byte)] == 0 ? nil : roots[Int(byte)] }
    return nodes[node].edges.first { $0.byte == byte }?.node
  }

  private mutating func addChild(to node: Int, _ byte: UInt8) -> Int {
    nodes.append(Node())
    if node == 0 { roots[Int(byte)] = nodes.count - 1 }
    nodes[node].edges.append((byte, nodes.count - 1))
    return nodes.count - 1
  }
}
