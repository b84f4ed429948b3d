// The number of threads decides who computes, never what: every kernel that is cut into tasks gives the same bits with
// one thread as with several. Each test is a process of its own, since the number of threads is shared by everything.

import TensorCore
import Testing

@Suite struct `The same bits for any number of threads` {
  @Test func `matrix products`() async {
    await #expect(processExitsWith: .success) {
      expectSameBits {
        var numbers = Numbers(seed: 1)
        let (a, b) = (numbers.tensor([517, 301]).trainable(), numbers.tensor([301, 403]).trainable())
        let c = numbers.tensor([403, 301]).trainable()
        let batched = numbers.tensor([7, 33, 40]).trainable()
        let output = a.matmul(b)
        let gradients =
          ((output * output).sum() + a.linear(c).sum() + batched.matmul(batched.transposed([0, 2, 1])).sum())
          .backward()
        return [output] + [a, b, c, batched].compactMap { gradients[$0] }
      }
    }
  }

  @Test func attention() async {
    await #expect(processExitsWith: .success) {
      expectSameBits {
        var numbers = Numbers(seed: 2)
        let (q, k, v) = (
          numbers.tensor([2500, 4, 16]).trainable(), numbers.tensor([2500, 2, 16]).trainable(),
          numbers.tensor([2500, 2, 16]).trainable()
        )
        let sinks = numbers.tensor([4]).trainable()
        let output = Tensor.attention(
          query: q, key: k, value: v,
          spans: [
            AttentionSpan(queries: 0..<301, keys: 0..<301),
            AttentionSpan(queries: 301..<2500, keys: 301..<2500),
          ],
          scale: 0.25, window: 1800, sinks: sinks)
        let kept = [(keys: numbers.tensor([2, 1500, 16]), values: numbers.tensor([2, 1500, 16]))]
        let step = Tensor.attention(
          query: numbers.tensor([1, 4, 16]), kept: kept,
          spans: [AttentionSpan(queries: 0..<1, keys: 0..<1500)], scale: 0.25)
        let gradients = (output * output).sum().backward()
        return [output, step] + [q, k, v, sinks].compactMap { gradients[$0] }
      }
    }
  }

  @Test func `recurrences and convolutions`() async {
    await #expect(processExitsWith: .success) {
      expectSameBits {
        var numbers = Numbers(seed: 5)
        let documents = [0..<301, 301..<302, 302..<700]
        let x = numbers.tensor([700, 96]).trainable()
        let (taps, bias) = (numbers.tensor([4, 96]).trainable(), numbers.tensor([96]).trainable())
        let mixed = x.causalConvolution(taps: taps, bias: bias, documents: documents, activation: .silu)
        let keys = mixed.slice(axis: 1, end: 64).reshaped([700, 4, 16])
        let values = mixed.reshaped([700, 12, 8])
        let (decay, step) = (numbers.tensor([700, 12]).trainable(), numbers.tensor([700, 12]).trainable())
        let outputs = [RecurrenceRule.additive, .delta].map {
          Tensor.recurrence(
            query: keys, key: keys.rmsNorm(weight: nil, epsilon: 1e-6) * 0.25, value: values,
            decay: decay.sigmoid() * -1, step: step.sigmoid(), rule: $0, documents: documents)
        }
        let gradients = (outputs[0] * outputs[1]).sum().backward()
        return outputs + [x, taps, bias, decay, step].compactMap { gradients[$0] }
      }
    }
  }

  @Test func `the loss and its gradients`() async {
    await #expect(processExitsWith: .success) {
      expectSameBits {
        var numbers = Numbers(seed: 3)
        let (hidden, head) = (
          numbers.tensor([1500, 24]).trainable(), numbers.tensor([5000, 24]).trainable()
        )
        let loss = hidden.linearCrossEntropy(
          head: .tensor(head), labels: (0..<1500).map { $0 % 7 == 0 ? -100 : Int32($0 * 31 % 5000) }
        ).loss
        let gradients = loss.backward()
        return [loss] + [hidden, head].compactMap { gradients[$0] }
      }
    }
  }

  @Test func `reductions, norms and scattered additions`() async {
    await #expect(processExitsWith: .success) {
      expectSameBits {
        var numbers = Numbers(seed: 4)
        let x = numbers.tensor([701, 513]).trainable()
        let (weight, bias) = (numbers.tensor([513]).trainable(), numbers.tensor([513]).trainable())
        let ids = (0..<900).map { Int32($0 * 13 % 701) }
        let results = [
          x.sum(), x.mean(axes: [0]), x.sum(axes: [1]), x.max(axes: [0]), x.softmax(axis: 0),
          x.logSumExp(axis: 1),
          x.rmsNorm(weight: weight, epsilon: 1e-5), x.layerNorm(weight: weight, bias: bias, epsilon: 1e-5),
          x.embedding(ids: ids), x.gelu(.erf), x * weight,
        ]
        let gradients = results.map { ($0 * $0).sum() }.reduce(Tensor(0), +).backward()
        return results + [x, weight, bias].compactMap { gradients[$0] }
      }
    }
  }
}

/// Runs `body` with 1, 2, 3 and 5 threads and compares the bits of all results.
private func expectSameBits(_ body: () -> [Tensor]) {
  ThreadPool.shared.threads = 1
  let expected = body().map(bits)
  for threads in [2, 3, 5] {
    ThreadPool.shared.threads = threads
    for (index, result) in body().map(bits).enumerated() {
      #expect(result == expected[index], "result \(index) with \(threads) threads")
    }
  }
}
