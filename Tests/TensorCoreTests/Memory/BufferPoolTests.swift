// Pooled buffers, seen through the meter. Each test is a process of its own: the pool is shared by everything.

import TensorCore
import Testing

@Suite struct `Pooled buffers` {
  @Test func `a second identical training step allocates nothing new`() async {
    await #expect(processExitsWith: .success) {
      let step = TrainingStep()
      step.run()
      let allocations = MemoryMeter.allocations
      let (bytes, peak) = (MemoryMeter.currentBytes, MemoryMeter.peakBytes)
      for _ in 0..<3 { step.run() }
      #expect(MemoryMeter.allocations == allocations)
      #expect(MemoryMeter.currentBytes == bytes)
      #expect(MemoryMeter.peakBytes == peak)
    }
  }

  @Test func `bytes are counted while a tensor lives`() async {
    await #expect(processExitsWith: .success) {
      let before = MemoryMeter.currentBytes
      var tensor: Tensor? = .zeros([1 << 20])
      #expect(MemoryMeter.currentBytes - before == 4 << 20)
      #expect(tensor?.count == 1 << 20)
      tensor = nil
      #expect(MemoryMeter.currentBytes == before)
      #expect(MemoryMeter.peakBytes - before == 4 << 20)
      #expect(MemoryMeter.reservedBytes >= 4 << 20)
      MemoryMeter.resetPeak()
      #expect(MemoryMeter.peakBytes == before)
      #expect(MemoryMeter.processPeakBytes > 1 << 20)
    }
  }

  @Test func `a freed buffer serves the next tensor of a similar size`() async {
    await #expect(processExitsWith: .success) {
      _ = Tensor.zeros([100_000])
      let allocations = MemoryMeter.allocations
      _ = Tensor.zeros([99_000])
      _ = Tensor.zeros([60_000])
      #expect(MemoryMeter.allocations == allocations)
      _ = Tensor.zeros([200_000])
      #expect(MemoryMeter.allocations == allocations + 1)
    }
  }

  @Test func `unused buffers are given back before they outweigh what is used`() async {
    await #expect(processExitsWith: .success) {
      // Ever larger tensors, none of which fits into the buffers left by the others.
      for size in 1...12 { _ = Tensor.uninitialized([(1 << (size + 17))]) }
      #expect(MemoryMeter.reservedBytes <= 2 * MemoryMeter.peakBytes + 256 << 20)
      #expect(MemoryMeter.currentBytes == 0)
    }
  }

  @Test func `sizes are rounded up by at most an eighth`() async {
    await #expect(processExitsWith: .success) {
      for count in [1, 16, 127, 128, 129, 1000, 4097, 65_537, 1_000_003] {
        let before = MemoryMeter.currentBytes
        let tensor = Tensor.uninitialized([count])
        let held = MemoryMeter.currentBytes - before
        #expect(held >= 4 * tensor.count && held <= max(512, 4 * count + count / 2 + 64), "\(count): \(held)")
      }
    }
  }

  @Test func `a mapped tensor costs nothing and keeps its owner`() async {
    await #expect(processExitsWith: .success) {
      final class Owner {
        let bytes: [UInt8] = [1, 2, 3, 4]
      }
      weak var seen: Owner?
      var tensor: Tensor?
      do {
        let owner = Owner()
        seen = owner
        let before = MemoryMeter.currentBytes
        owner.bytes.withUnsafeBytes { tensor = Tensor(mapping: $0, owner: owner, shape: [2, 2], dtype: .u8) }
        #expect(MemoryMeter.currentBytes == before)
      }
      #expect(seen != nil)
      #expect(tensor?.integers() == [1, 2, 3, 4])
      tensor = nil
      #expect(seen == nil)
    }
  }

  @Test func `a mapped tensor refuses to be written`() async {
    await #expect(processExitsWith: .failure) {
      let bytes: [UInt8] = [1, 2]
      bytes.withUnsafeBytes {
        Tensor(mapping: $0, owner: BoxedNothing(), shape: [2], dtype: .u8).withMutableBytes { $0[0] = 3 }
      }
    }
  }
}

private final class BoxedNothing {}

/// Forward and backward of a small decoder block with a loss: every kind of buffer that training asks for.
private struct TrainingStep {
  let table: Tensor
  let weights: [Tensor]
  let norm: Tensor
  let rotary = RotaryTable(inverseFrequencies: [1, 0.1, 0.01, 0.001])

  init() {
    var numbers = Numbers(seed: 11)
    table = numbers.tensor([300, 32]).trainable()
    weights = (0..<4).map { _ in numbers.tensor([32, 32], scale: 0.2).trainable() }
    norm = numbers.tensor([32]).trainable()
  }

  func run() {
    let ids = (0..<70).map { Int32($0 * 37 % 300) }
    let positions = (0..<70).map { Int32($0 % 35) }
    var x = table.embedding(ids: ids)
    x =
      checkpoint([x]) { inputs in
        let normed = inputs[0].rmsNorm(weight: norm, epsilon: 1e-5)
        let heads = weights.prefix(3).map { normed.linear($0).reshaped([70, 4, 8]) }
        let attended = Tensor.attention(
          query: heads[0].rotary(rotary, positions: positions),
          key: heads[1].rotary(rotary, positions: positions),
          value: heads[2],
          spans: [
            AttentionSpan(queries: 0..<35, keys: 0..<35), AttentionSpan(queries: 35..<70, keys: 35..<70),
          ], scale: 0.35)
        return [inputs[0] + attended.reshaped([70, 32]).linear(weights[3])]
      }[0]
    _ = x.linearCrossEntropy(head: .tensor(table), labels: ids).loss.backward()
  }
}
