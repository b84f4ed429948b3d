// What the trainer asks of the thing it trains. There are two: adapters on a frozen model, and the whole model.

import SafeIO
import TensorCore

/// Weights under training.
package protocol Trainee: AnyObject {
  /// The leaves that gradients are taken for, changed in place by the optimizer; the order is part of a
  /// checkpoint's meaning.
  var parameters: [(name: String, value: Tensor)] { get }

  /// Says which micro batch comes next, so that whatever is random depends on it alone; nil is for evaluation,
  /// where nothing is random.
  func prepare(for batch: MicroBatchID?)

  /// Writes files that make a checkpoint useful on its own, without the optimizer's state.
  func writeSnapshot(into directory: String) throws

  /// Writes the finished result into a staging folder.
  func writeResult(into directory: String) throws
}

/// Which micro batch of which optimizer step.
package struct MicroBatchID: Sendable, Equatable {
  package let step: Int
  package let index: Int

  package init(step: Int, index: Int) {
    self.step = step
    self.index = index
  }
}
