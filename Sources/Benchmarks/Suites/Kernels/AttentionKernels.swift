// Attention over one causal sequence with grouped heads.

import SafeIO
import TensorCore

/// Part of the suite `kernels`.
struct AttentionKernels {
  let harness: Harness

  init(_ harness: Harness) { self.harness = harness }

  func run(threads: Int) throws {
    for length in harness.options.isTiny ? [32] : [512, 2048] {
      try measure(length: length, heads: 32, keyValueHeads: 8, headSize: 64, threads: threads)
    }
  }

  private func measure(length: Int, heads: Int, keyValueHeads: Int, headSize: Int, threads: Int) throws {
    let seed = harness.options.seed
    let query = RandomNumbers.tensor([length, heads, headSize], seed: seed)
    let key = RandomNumbers.tensor([length, keyValueHeads, headSize], seed: seed + 1)
    let value = RandomNumbers.tensor([length, keyValueHeads, headSize], seed: seed + 2)
    let upstream = RandomNumbers.tensor([length, heads, headSize], seed: seed + 3)
    let span = AttentionSpan(queries: 0..<length, keys: 0..<length)
    let shape = "\(length)x\(heads)/\(keyValueHeads)x\(headSize)"
    func attention(_ query: Tensor, _ key: Tensor, _ value: Tensor) -> Tensor {
      .attention(query: query, key: key, value: value, spans: [span], scale: 0.125)
    }
    // Q Kᵀ and P V over the lower half; going back, five such products instead of two.
    let forward = 2 * Double(length) * Double(length) * Double(headSize) * Double(heads)
    try harness.measure(
      .init(suite: .kernels, name: "attention", shape: shape), threads: threads, unit: .flops,
      amount: forward,
      bound: .init(.f32, forward)
    ) { _ = withoutRecording { attention(query, key, value) } }
    let both = 3.5 * forward
    let leaves = [query, key, value].map { $0.trainable() }
    try harness.measure(
      .init(suite: .kernels, name: "attention and gradient", shape: shape), threads: threads, unit: .flops,
      amount: both, bound: .init(.f32, both)
    ) { _ = attention(leaves[0], leaves[1], leaves[2]).backward(seed: upstream) }
  }
}
