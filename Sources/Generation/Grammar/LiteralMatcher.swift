// One of several fixed texts, as a prefix tree, so that a thousand lines of a file cost what one line costs.

/// Matches one of a set of byte strings.
struct LiteralMatcher: ByteMatcher {
  private struct Node {
    /// Sorted by byte.
    var children: [(byte: UInt8, node: Int32)] = []
    var isEnd = false
    var distance = unreachable
  }

  private var nodes: [Node] = [Node()]

  /// - Parameters:
  ///   - texts: the choices; those with a byte outside `alphabet` can't be spelled and are left out.
  init(_ texts: [[UInt8]], alphabet: ByteSet) {
    let spellable = texts.filter { alphabet.isSuperset(of: $0) }.sorted { $0.lexicographicallyPrecedes($1) }
    for text in spellable {
      var node = 0
      for byte in text {
        // The texts are sorted, so a child that exists is the last one.
        if let last = nodes[node].children.last, last.byte == byte {
          node = Int(last.node)
        } else {
          nodes[node].children.append((byte, Int32(nodes.count)))
          node = nodes.count
          nodes.append(Node())
        }
      }
      nodes[node].isEnd = true
    }
    // A child is made after its parent, so going backwards meets children first.
    for index in nodes.indices.reversed() {
      let below = nodes[index].children.map { joined(nodes[Int($0.node)].distance, 1) }.min() ?? unreachable
      nodes[index].distance = nodes[index].isEnd ? 0 : below
    }
  }

  let start = MatcherState()

  func next(_ state: MatcherState, _ byte: UInt8) -> MatcherState? {
    let children = nodes[state.value].children
    var low = 0
    var high = children.count
    while low < high {
      let middle = (low + high) / 2
      if children[middle].byte < byte { low = middle + 1 } else { high = middle }
    }
    guard low < children.count, children[low].byte == byte else { return nil }
    return MatcherState(value: Int(children[low].node))
  }

  func accepts(_ state: MatcherState) -> Bool { nodes[state.value].isEnd }
  func distance(_ state: MatcherState) -> Int { nodes[state.value].distance }
}
