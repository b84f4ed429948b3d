// Putting an adapter on a decoder, for training, evaluation and generation.

import Models
import SafeIO
import TensorCore

extension Adapter {
  /// Sets the adapter of every linear that has a pair; only those inside the blocks can have one.
  ///
  /// - Parameters:
  ///   - isTrained: whether gradients of the factors are wanted.
  ///   - source: the adapter's folder, for errors.
  /// - Throws: `Failure.badData` when a pair fits no linear of the model; nothing is attached then.
  package func attach(to decoder: Decoder, isTrained: Bool = false, source: String) throws(Failure) {
    let linears = Dictionary(decoder.adaptableLinears.joined().map { ($0.path, $0) }) { first, _ in first }
    for (path, pair) in pairs {
      guard let linear = linears[path] else {
        throw .badData(
          source, "adapts '\(path)', and the model's blocks have no such linear; was it made for it?")
      }
      guard pair.a.shape[1] == linear.inputs, pair.b.shape[0] == linear.outputs else {
        throw .badData(
          "\(source): '\(path)'",
          "has factors for \(pair.a.shape[1]) inputs and \(pair.b.shape[0]) outputs, the model's linear has "
            + "\(linear.inputs) and \(linear.outputs)")
      }
    }
    for (path, pair) in pairs {
      linears[path]?.adapter = LowRankLinear(pair, dropout: settings.dropout, isTrained: isTrained)
    }
  }
}

extension AdapterFiles {
  /// Reads an adapter folder of either format and puts it on the decoder.
  package static func load(_ directory: String, into decoder: Decoder) throws(Failure) {
    try read(directory: directory).attach(to: decoder, source: directory)
  }
}
