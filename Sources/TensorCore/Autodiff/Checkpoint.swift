// Trading time for memory: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost" (arXiv:1604.06174).

import Synchronization

/// Runs `body` and keeps only its inputs; the backward pass runs it again to learn what it needs.
///
/// Leaves that `body` captures get their gradients too. `body` must compute the same each time it runs.
///
/// - Parameters:
///   - inputs: What `body` reads; other recorded tensors it captures work as well, but are kept alive.
///   - body: The computation. It runs once now, and once in the backward pass if a gradient is wanted.
/// - Returns: What `body` returned, joined to the graph.
package func checkpoint(_ inputs: [Tensor], _ body: @escaping ([Tensor]) -> [Tensor]) -> [Tensor] {
  guard case .on = Recording.mode else { return body(inputs) }
  let probe = RecordingProbe()
  let outputs = Recording.$mode.withValue(.probing(probe)) { body(inputs) }
  guard probe.touched.load(ordering: .relaxed) else { return outputs }
  let node = Node("checkpoint", outputShapes: outputs.map(\.shape), inputs: []) { upstream, _ in
    // Recorded anew on the original inputs, the graph of `body` continues into what they depend on; passing the
    // upstream gradients to its outputs is all that is left to do.
    let again = Recording.$mode.withValue(.on) { body(inputs) }
    return zip(again, upstream).compactMap { output, gradient in
      guard let origin = output.origin, let gradient else { return nil }
      return (origin, gradient)
    }
  }
  return outputs.enumerated().map { index, output in
    Tensor(
      shape: output.shape, dtype: output.dtype, storage: output.storage,
      origin: Origin(node: node, output: index))
  }
}
