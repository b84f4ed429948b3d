// Tensors that are made again for the backward pass: the same gradients for less memory.

import TensorCore
import Testing

@Suite struct `Tensors made again` {
  /// A small decoder block.
  private struct Block {
    let x: Tensor
    let (inner, outer): (Tensor, Tensor)
    private let rows: Int
    private let width: Int
    private let weights: [DenseWeights]
    private let rotary = RotaryTable(inverseFrequencies: [1, 0.1])

    init(rows: Int, width: Int) {
      var numbers = Numbers(seed: 31)
      self.rows = rows
      self.width = width
      x = numbers.tensor([rows, width]).trainable()
      inner = numbers.tensor([2, width]).trainable()
      outer = numbers.tensor([4 * width, 2]).trainable()
      weights = [width, width, width, width, 4 * width, 4 * width].map {
        DenseWeights(numbers.tensor([$0, width], scale: 0.2))
      }
    }

    func loss(remaking: Bool) -> Tensor { remaking ? remakingProducts { loss } : loss }

    private var loss: Tensor {
      let heads = x.rmsNorm(weight: nil, epsilon: 1e-5).linears(weights[0..<3].map { LinearTerm(weight: $0) })
        .map { $0.reshaped([rows, width / 4, 4]) }
      let positions = (0..<Int32(rows)).map { $0 }
      let mixed = Tensor.attention(
        query: heads[0].rotary(rotary, positions: positions),
        key: heads[1].rotary(rotary, positions: positions),
        value: heads[2], spans: [AttentionSpan(queries: 0..<rows, keys: 0..<rows)], scale: 0.5)
      let stream = x.plus(mixed.reshaped([rows, width]).linear(weights[3]))
      let adapter = LowRankFactors(inner: inner, outer: outer, scale: 2)
      let parts = stream.rmsNorm(weight: nil, epsilon: 1e-5).linears(
        weights[4...].map { LinearTerm(weight: $0, adapter: adapter) })
      let product = Tensor.gated(.silu, gate: parts[0], up: parts[1]).kept()
      return (product * product).mean()
    }
  }

  @Test func `gradients have the same bits as those of tensors that are kept`() throws {
    let block = Block(rows: 11, width: 8)
    let (kept, remade) = (block.loss(remaking: false), block.loss(remaking: true))
    #expect(bits(kept) == bits(remade))
    let (expected, found) = (kept.backward(), remade.backward())
    for leaf in [block.x, block.inner, block.outer] {
      #expect(bits(try #require(expected[leaf])) == bits(try #require(found[leaf])))
    }
  }

  @Test func `products that are made again take no memory between the passes`() async {
    await #expect(processExitsWith: .success) {
      let block = Block(rows: 256, width: 64)
      let taken = [false, true].map { remaking in
        let before = MemoryMeter.currentBytes
        let loss = block.loss(remaking: remaking)
        defer { withExtendedLifetime(loss) {} }
        return MemoryMeter.currentBytes - before
      }
      // A row leaves 4 widths of the stream and the heads, 1 of attention, 8 of the parts and 4 of their product; of
      // these, attention and the product stay, which is written out here.
      #expect(taken[1] < taken[0] / 2, "\(taken)")
    }
  }

  @Test func `a sum is written into a result that no one else holds, and only there`() throws {
    let (x, y) = (Tensor([1, 2]), Tensor([3, 4]).trainable())
    let doubled = y * 2
    let held = doubled
    #expect(x.plus(doubled).floats() == [7, 10])
    #expect(held.floats() == [6, 8])
    let exponential = y.exp()
    let sum = x.plus(exponential)
    // exp needs its own result for the derivative.
    #expect(try #require(sum.sum().backward()[y]).floats() == y.exp().floats())
  }
}
