// What is bound by memory: norms and gated activations on arrays that no cache holds. Bytes are those read and written; a
// memory copy, which moves each byte in and out, is the limit.

import SafeIO
import TensorCore

/// Part of the suite `kernels`.
struct RowKernels {
  let harness: Harness

  init(_ harness: Harness) { self.harness = harness }

  func run(threads: Int) throws {
    let (rows, width) = harness.options.isTiny ? (16, 64) : (8192, 2048)
    let seed = harness.options.seed
    let x = RandomNumbers.tensor([rows, width], seed: seed)
    let other = RandomNumbers.tensor([rows, width], seed: seed + 1)
    let upstream = RandomNumbers.tensor([rows, width], seed: seed + 2)
    let weight = RandomNumbers.tensor([width], seed: seed + 3)
    let (leaf, otherLeaf) = (x.trainable(), other.trainable())
    /// - Parameter arrays: how many of [rows, width] are read or written.
    func measure(_ name: String, arrays: Int, _ body: () -> Void) throws {
      let bytes = Double(arrays * rows * width * 4)
      try harness.measure(
        .init(suite: .kernels, name: name, shape: "\(rows)x\(width)"), threads: threads, unit: .bandwidth,
        amount: bytes, bound: .init(.copy, bytes / 2), body: body)
    }
    try measure("RMSNorm", arrays: 2) {
      _ = withoutRecording { x.rmsNorm(weight: weight, epsilon: 1e-5) }
    }
    try measure("RMSNorm and gradient", arrays: 5) {
      _ = leaf.rmsNorm(weight: weight, epsilon: 1e-5).backward(seed: upstream)
    }
    try measure("SwiGLU", arrays: 3) { _ = withoutRecording { Tensor.gated(.silu, gate: x, up: other) } }
    try measure("SwiGLU and gradient", arrays: 8) {
      _ = Tensor.gated(.silu, gate: leaf, up: otherLeaf).backward(seed: upstream)
    }
  }
}
