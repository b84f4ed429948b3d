// What weights go through on their way from one file to another: arithmetic and hashing.

import Quantization
import Registry
import SafeIO
import TensorCore

/// Part of the suite `kernels`.
struct ByteKernels {
  let harness: Harness

  init(_ harness: Harness) { self.harness = harness }

  func run() throws {
    let options = harness.options
    let (rows, columns) = options.isTiny ? (16, 64) : (16384, 2048)
    let weights = RandomNumbers.tensor(
      [rows, columns], dtype: .bf16, deviation: RandomNumbers.weightDeviation, seed: options.seed)
    let bytes = Double(weights.count * weights.dtype.size)
    for threads in harness.threadCounts {
      for bits in [4, 8] {
        try harness.measure(
          .init(
            suite: .kernels, name: "quantize to \(bits)-bit", shape: "\(rows)x\(columns)",
            settings: ["group_size": 64]),
          threads: threads, unit: .bandwidth, amount: bytes, bound: .init(.read, bytes)
        ) { _ = try AffineQuantizer.quantize(weights, bits: bits, groupSize: 64) }
      }
    }
    let content = ContiguousArray(repeating: UInt8(7), count: options.isTiny ? 4096 : 32 << 20)
    try harness.measure(
      .init(suite: .kernels, name: "SHA-256", shape: Words.bytes(content.count)), threads: 1,
      unit: .bandwidth,
      amount: Double(content.count)
    ) { _ = Digest.sha256(content) }
  }
}
