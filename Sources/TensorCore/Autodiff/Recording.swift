// How operations join the graph, and how one says that they should not.

import Synchronization

/// What happens when an operation meets an input that requires a gradient.
enum Recording: Sendable {
  /// A node is made.
  case on
  /// Nothing.
  case off
  /// Nothing is made, but the probe learns that a gradient would have been wanted (the first run of a checkpoint).
  case probing(RecordingProbe)

  @TaskLocal static var mode = Recording.on
  /// Whether products are made again for the backward pass: see `remakingProducts`.
  @TaskLocal static var remakesProducts = false
}

/// Whether an operation touched something that requires a gradient.
final class RecordingProbe: Sendable {
  let touched = Atomic<Bool>(false)
}

/// Whether a backward pass may come: outside `withoutRecording`.
package var isRecording: Bool {
  if case .off = Recording.mode { false } else { true }
}

/// Runs `body` without recording: its results are constants, and nothing is kept for a backward pass.
package func withoutRecording<R>(_ body: () throws -> R) rethrows -> R {
  try Recording.$mode.withValue(.off, operation: body)
}

extension Tensor {
  /// Whether a gradient flows through this tensor.
  package var requiresGradient: Bool { origin != nil }

  /// A leaf whose gradient is wanted.
  ///
  /// Copies of the value are the same leaf; the elements are shared with `self`.
  package func trainable() -> Tensor {
    precondition(dtype == .f32, "only f32 tensors can be trained, not \(self)")
    let leaf = Node("leaf", outputShapes: [shape], inputs: [], pull: nil)
    return Tensor(shape: shape, dtype: dtype, storage: storage, origin: Origin(node: leaf))
  }

  /// The same elements as a constant.
  package func detached() -> Tensor { Tensor(shape: shape, dtype: dtype, storage: storage) }

  /// Makes `output` the result of an operation.
  ///
  /// - Parameters:
  ///   - name: What the operation is called in messages.
  ///   - output: What it computed, a constant so far.
  ///   - inputs: What it read, in the order in which `vjp` answers.
  ///   - vjp: The vector-Jacobian product: maps dL/d`output` to dL/d`input` for each input, in the input's shape, or
  ///     nil where it has none. The second argument says for each input whether an answer is wanted. Runs once, without
  ///     recording. What it captures lives until then: only the tensors it reads, detached.
  /// - Returns: `output`, joined to the graph; `output` itself when no input requires a gradient or recording is off.
  package static func record(
    _ name: String, output: Tensor, inputs: [Tensor],
    vjp: @escaping (_ upstream: Tensor, _ wanted: [Bool]) -> [Tensor?]
  ) -> Tensor {
    record(name, outputs: [output], inputs: inputs) { upstream, wanted in
      guard let gradient = upstream[0] else { return wanted.map { _ in nil } }
      return vjp(gradient, wanted)
    }[0]
  }

  /// `record` for an operation with several results.
  ///
  /// - Parameter vjp: is given nil for results that nothing depended on, and may take the gradients out.
  static func record(
    _ name: String, outputs: [Tensor], inputs: [Tensor],
    vjp: @escaping (_ upstream: inout [Tensor?], _ wanted: [Bool]) -> [Tensor?]
  ) -> [Tensor] {
    record(name, outputs: outputs, from: inputs.map(\.origin), vjp: vjp)
  }

  /// `record` for an operation that holds on to none of its inputs.
  ///
  /// - Parameter inputs: where the inputs come from.
  static func record(
    _ name: String, outputs: [Tensor], from inputs: [Origin?],
    vjp: @escaping (_ upstream: inout [Tensor?], _ wanted: [Bool]) -> [Tensor?]
  ) -> [Tensor] {
    guard recordingWanted(from: inputs) else { return outputs }
    let node = Node(name, outputShapes: outputs.map(\.shape), inputs: inputs) { upstream, origins in
      let answers = vjp(&upstream, origins.map { $0 != nil })
      precondition(
        answers.count == origins.count,
        "\(name) answered with \(answers.count) gradients for \(origins.count) inputs")
      return zip(origins, answers).compactMap { origin, answer in
        guard let origin, let answer else { return nil }
        return (origin, answer)
      }
    }
    return outputs.enumerated().map { index, output in
      var result = Tensor(
        shape: output.shape, dtype: output.dtype, storage: output.storage,
        origin: Origin(node: node, output: index))
      result.recipe = output.recipe
      return result
    }
  }

  /// `record` for an operation that answers for all inputs.
  package static func record(
    _ name: String, output: Tensor, inputs: [Tensor], vjp: @escaping (_ upstream: Tensor) -> [Tensor?]
  ) -> Tensor {
    record(name, output: output, inputs: inputs) { upstream, _ in vjp(upstream) }
  }

  /// Whether an operation on `inputs` must be recorded.
  ///
  /// Operations that save something costly ask before they do.
  static func recordingWanted(_ inputs: [Tensor]) -> Bool { recordingWanted(from: inputs.map(\.origin)) }

  private static func recordingWanted(from inputs: [Origin?]) -> Bool {
    guard inputs.contains(where: { $0 != nil }) else { return false }
    switch Recording.mode {
    case .on: return true
    case .off: return false
    case .probing(let probe):
      probe.touched.store(true, ordering: .relaxed)
      return false
    }
  }
}
