// One document as the trainer sees it: the tokens that go in, and what each should be followed by.

/// A tokenized document with its targets, already shifted and without what can't influence the loss.
///
/// Position `i` reads `inputs[i]` and should predict `targets[i]`; `ignored` marks where nothing is learned. Tokens
/// after the last target are dropped: attention is causal, so they could only cost time.
package struct TrainingRow: Sendable, Equatable {
  /// Marks a position without a target, as in torch and transformers.
  package static let ignored: Int32 = -100

  package let inputs: [Int32]
  package let targets: [Int32]
  /// The weight of each target in the loss; nil when all are 1.
  package let weights: [Float]?
  /// Where the row stands in its file, counted from 1.
  package let line: Int
  /// Number of targets that are learned.
  package let trainedTokens: Int
  /// Sum of the weights of the learned targets: what a mean over this row divides by.
  package let weightSum: Double

  /// Shifts and trims a labelled document; nil when no target is left.
  ///
  /// - Parameters:
  ///   - ids: the tokens of the document.
  ///   - labels: as many; `labels[t]` is what position `t − 1` should predict, so `labels[0]` is never used.
  ///   - weights: as many; `weights[t]` belongs to `labels[t]`, and 0 means not learned.
  ///   - limit: tokens after this many are cut off.
  package init?(ids: [Int32], labels: [Int32], weights: [Float]? = nil, line: Int, limit: Int = .max) {
    precondition(ids.count == labels.count && (weights.map { $0.count == ids.count } ?? true))
    let length = min(ids.count, limit)
    var targets = Array(labels.prefix(length).dropFirst())
    if let weights {
      for position in targets.indices where weights[position + 1] == 0 { targets[position] = Self.ignored }
    }
    guard let last = targets.lastIndex(where: { $0 != Self.ignored }) else { return nil }
    self.inputs = Array(ids[...last])
    self.targets = Array(targets[...last])
    self.weights = weights.map { Array($0[1...(last + 1)]) }
    self.line = line
    trainedTokens = self.targets.count { $0 != Self.ignored }
    weightSum = zip(self.targets, self.weights ?? [Float](repeating: 1, count: last + 1))
      .reduce(0) { $1.0 == Self.ignored ? $0 : $0 + Double($1.1) }
  }
}
