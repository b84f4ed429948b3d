// The graph of reverse-mode differentiation: one node for each recorded operation or leaf. A node knows where its
// gradients go, not what it computed; the tensors it needs for that are captured by its `pull`.

import Synchronization

/// A recorded operation, or a leaf.
final class Node {
  /// What a node passes on: given the gradients of its outputs and where its inputs come from, a gradient for outputs of
  /// earlier nodes.
  ///
  /// It may take the gradients of its outputs out, to write over those that no one else holds.
  typealias Pull = (_ upstream: inout [Tensor?], _ inputs: [Origin?]) -> [(Origin, Tensor)]

  let name: String
  /// Nodes are numbered as they are made, so every node comes after those it reads from.
  let number: Int
  let outputShapes: [[Int]]
  let isLeaf: Bool
  private var inputs: [Origin?]
  /// Nil for leaves, and after it has run.
  private var pull: Pull?

  private static let counter = Atomic<Int>(0)

  init(_ name: String, outputShapes: [[Int]], inputs: [Origin?], pull: Pull?) {
    self.name = name
    self.outputShapes = outputShapes
    self.inputs = inputs
    self.pull = pull
    isLeaf = pull == nil
    number = Node.counter.add(1, ordering: .relaxed).newValue
  }

  /// Passes gradients on, once.
  ///
  /// What was saved for it is given up, so activations die during the backward pass.
  func run(_ upstream: inout [Tensor?]) -> [(Origin, Tensor)] {
    guard let pull else {
      preconditionFailure("the graph of \(name) has been used by an earlier backward pass")
    }
    self.pull = nil
    defer { inputs = [] }
    return pull(&upstream, inputs)
  }

  deinit {
    // A long chain that nobody needs any more is taken apart here, link by link: left to themselves, the nodes would
    // free each other recursively, and a deep graph would overflow the stack.
    var rest = inputs.compactMap { $0?.node }
    inputs = []
    while var node = rest.popLast() {
      guard isKnownUniquelyReferenced(&node) else { continue }
      rest += node.inputs.compactMap { $0?.node }
      node.inputs = []
    }
  }
}

/// An output of a node.
struct Origin {
  let node: Node
  var output = 0
}
