// The chunked loss against the loss of all logits.

import TensorCore
import Testing

@Suite struct `The loss without logits` {
  @Test(arguments: [3, 127, 128, 129, 700])
  func `chunks give the loss and the gradients of all logits at once`(rows: Int) throws {
    var numbers = Numbers(seed: 41)
    let (hidden, head) = (numbers.tensor([rows, 16]).trainable(), numbers.tensor([33_000, 16]).trainable())
    let labels = (0..<rows).map { $0 % 5 == 1 ? -100 : Int32(($0 * 7919) % 33_000) }
    let (loss, weight) = hidden.linearCrossEntropy(head: .tensor(head), labels: labels)
    let plain = hidden.linear(head).crossEntropy(labels: Tensor(labels, shape: [rows]), reduction: .sum)
    #expect(weight == Float(labels.count { $0 >= 0 }))
    // Both sum in double; the rest is f32 rounding of the logits.
    #expect(deviation(loss.floats(), plain.floats().map { Double($0) }) < 1e-6)
    let (found, expected) = (loss.backward(), plain.backward())
    for leaf in [hidden, head] {
      let reference = try #require(expected[leaf]).floats().map { Double($0) }
      #expect(deviation(try #require(found[leaf]).floats(), reference) < 5e-6)
    }
  }

  @Test func `weights scale rows, and their sum is returned`() throws {
    var numbers = Numbers(seed: 42)
    let (hidden, head) = (numbers.tensor([4, 8]).trainable(), numbers.tensor([20, 8]))
    let labels: [Int32] = [3, 4, -100, 5]
    let (loss, weight) = hidden.linearCrossEntropy(
      head: .tensor(head), labels: labels, weights: [2, 0, 7, 0.5])
    #expect(weight == 2.5)
    let single = hidden.linear(head).crossEntropy(labels: Tensor(labels, shape: [4]), reduction: .none)
    #expect(
      deviation(loss.floats(), [Double(single.floats()[0]) * 2 + Double(single.floats()[3]) / 2]) < 1e-6)
    let gradient = try #require(loss.backward()[hidden]).floats()
    #expect(gradient[8..<24].allSatisfy { $0 == 0 })
    #expect(gradient[0..<8].contains { $0 != 0 })
  }

  @Test func `no label at all is a loss of zero`() throws {
    let hidden = Tensor.full([3, 4], value: 1).trainable()
    let (loss, weight) = hidden.linearCrossEntropy(
      head: .tensor(.zeros([5, 4])), labels: [-100, -100, -100])
    #expect(loss.item() == 0 && weight == 0)
    #expect(loss.backward()[hidden]?.floats().allSatisfy { $0 == 0 } == true)
  }

  @Test func `an upstream factor reaches the gradients`() throws {
    var numbers = Numbers(seed: 43)
    let (hidden, head) = (numbers.tensor([4, 8]).trainable(), numbers.tensor([20, 8]).trainable())
    func gradients(_ factor: Float) throws -> [Double] {
      let loss = hidden.linearCrossEntropy(head: .tensor(head), labels: [1, 2, 3, 4]).loss * factor
      let gradients = loss.backward()
      return try [hidden, head].flatMap { try #require(gradients[$0]).floats().map { Double($0) } }
    }
    let (one, half) = (try gradients(1), try gradients(0.5))
    #expect(half == one.map { $0 / 2 })
  }

  @Test func `the logits of one chunk are all that ever exists`() async {
    await #expect(processExitsWith: .success) {
      var numbers = Numbers(seed: 44)
      let (hidden, head) = (numbers.tensor([2048, 8]).trainable(), numbers.tensor([32_000, 8]))
      let before = MemoryMeter.currentBytes
      MemoryMeter.resetPeak()
      _ = hidden.linearCrossEntropy(head: .tensor(head), labels: Array(repeating: 5, count: 2048)).loss
        .backward()
      // All logits would be 262 MB; a chunk of 512 rows is 66 MB.
      #expect(MemoryMeter.peakBytes - before < 72 << 20)
    }
  }

  @Test func `a label past the vocabulary traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([1, 4]).linearCrossEntropy(head: .tensor(.zeros([5, 4])), labels: [5])
    }
  }
}
