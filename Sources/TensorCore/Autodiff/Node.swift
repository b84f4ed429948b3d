// The graph of reverse-mode differentiation: one node for each recorded operation or leaf. A node knows where its
// gradients go, not what it computed; the tensors it needs for that are captured by its `pull`.

import Synchronization

/// A recorded operation, or a leaf.
final class Node {
  /// What a node passes on: a gradient for an output of an earlier node.
  typealias Pull = (_ upstream: [Tensor?]) -> [(Origin, Tensor)]

  let name: String
  /// Nodes are numbered as they are made, so every node comes after those it reads from.
  let number: Int
  let outputShapes: [[Int]]
  let isLeaf: Bool
  /// Given up when it has run, so that saved activations die during the backward pass. Nil for leaves and then.
  var pull: Pull?

  private static let counter = Atomic<Int>(0)

  init(_ name: String, outputShapes: [[Int]], pull: Pull?) {
    self.name = name
    self.outputShapes = outputShapes
    self.pull = pull
    isLeaf = pull == nil
    number = Node.counter.add(1, ordering: .relaxed).newValue
  }
}

/// An output of a node.
struct Origin {
  let node: Node
  var output = 0
}
