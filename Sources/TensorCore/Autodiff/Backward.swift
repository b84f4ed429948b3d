// The backward pass. Nodes are visited from the youngest to the oldest; since a node is older than all that read
// from it, its gradient is complete when its turn comes. Nodes may be made during the pass (checkpoints do), being
// the youngest they come next.

/// Gradients of leaves, found by leaf.
package struct Gradients {
  private var byNode: [ObjectIdentifier: (Node, Tensor)] = [:]

  init() {}

  /// dL/d`leaf`; nil when the result did not depend on it.
  package subscript(_ leaf: Tensor) -> Tensor? {
    guard let node = leaf.origin?.node else { return nil }
    return byNode[ObjectIdentifier(node)]?.1
  }

  mutating func add(_ node: Node, _ gradient: Tensor) {
    byNode[ObjectIdentifier(node)] = (node, gradient)
  }
}

extension Tensor {
  /// Differentiates this tensor with respect to all leaves it depends on (reverse mode).
  ///
  /// The graph is used up: what operations saved is freed as the pass goes, and a second pass over it traps.
  ///
  /// - Parameter seed: dL/d`self`, in the same shape; 1 if absent, which only a single value may leave out.
  package func backward(seed: Tensor? = nil) -> Gradients {
    precondition(
      seed != nil || count == 1, "backward from \(self) needs a seed: only a single value has a default")
    precondition(seed.map { $0.shape == shape } ?? true, "the seed must have the shape \(shape)")
    guard let origin else { preconditionFailure("nothing that \(self) depends on is trainable") }
    var pass = BackwardPass()
    return withoutRecording {
      pass.add(seed ?? .full(shape, value: 1), to: origin)
      return pass.run()
    }
  }
}

/// The state of one backward pass.
struct BackwardPass {
  private final class Pending {
    let node: Node
    var gradients: [Tensor?]

    init(_ node: Node) {
      self.node = node
      gradients = Array(repeating: nil, count: node.outputShapes.count)
    }
  }

  private var pending: [ObjectIdentifier: Pending] = [:]
  /// Nodes with a gradient that have not run: a binary heap with the youngest on top.
  private var heap: [Node] = []
  private var gradients = Gradients()

  /// Adds to the gradient of a node's output.
  mutating func add(_ gradient: Tensor, to origin: Origin) {
    let node = origin.node
    precondition(
      gradient.shape == node.outputShapes[origin.output],
      "\(node.name) got a gradient \(gradient.shape) for an output \(node.outputShapes[origin.output])")
    let entry: Pending
    if let known = pending[ObjectIdentifier(node)] {
      entry = known
    } else {
      entry = Pending(node)
      pending[ObjectIdentifier(node)] = entry
      push(node)
    }
    entry.gradients[origin.output].accumulate(gradient)
  }

  mutating func run() -> Gradients {
    while let node = pop() {
      guard let entry = pending.removeValue(forKey: ObjectIdentifier(node)) else { continue }
      if node.isLeaf {
        if let gradient = entry.gradients[0] { gradients.add(node, gradient) }
        continue
      }
      var upstream = entry.gradients
      entry.gradients = []
      let passed = node.run(&upstream)
      upstream = []
      for (origin, gradient) in passed { add(gradient, to: origin) }
    }
    return gradients
  }

  private mutating func push(_ node: Node) {
    heap.append(node)
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2].number < heap[child].number {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() -> Node? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    heap[0] = last
    var parent = 0
    while true {
      var largest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].number > heap[largest].number { largest = child }
      guard largest != parent else { return top }
      heap.swapAt(parent, largest)
      parent = largest
    }
  }
}

extension Tensor? {
  /// Adds a gradient: in place when no one else holds the sum so far, which is what the second of several uses meets.
  fileprivate mutating func accumulate(_ gradient: Tensor) {
    guard let sum = self else {
      self = gradient
      return
    }
    self = nil
    self = sum.adding(consuming: gradient)
  }
}
