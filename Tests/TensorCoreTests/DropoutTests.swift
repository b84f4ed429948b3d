// What dropout before an adapter zeroes, keeps and passes back.

import TensorCore
import Testing

@Suite struct DropoutTests {
  private let random = CounterRandom(seed: 7, 1)

  /// What an adapter with factors of 1 adds to a layer of zeros: x `[count]` after dropout.
  private func dropped(_ x: Tensor, _ probability: Float, _ random: CounterRandom) -> Tensor {
    let one = Tensor.full([1, 1], value: 1)
    let adapter = LowRankFactors(
      inner: one, outer: one, scale: 1, dropout: Dropout(probability, random))
    let layer = LinearTerm(weight: DenseWeights(.full([1, 1], value: 0)), adapter: adapter)
    return x.reshaped([x.count, 1]).linears([layer])[0].reshaped([x.count])
  }

  @Test(arguments: [1, 5, 100_000]) func `kept elements are scaled, the others are 0`(count: Int) {
    let x = Tensor((0..<count).map { Float($0 + 1) })
    let y = dropped(x, 0.25, random).floats()
    for (index, value) in y.enumerated() {
      #expect(value == (random.uniform(index) < 0.25 ? 0 : Float(index + 1) * (1 / 0.75)))
    }
  }

  @Test func `as many elements are zeroed as the probability says`() {
    let count = 100_000
    let zeros = dropped(Tensor.full([count], value: 1), 0.25, random).floats().count { $0 == 0 }
    // Five standard deviations of a binomial distribution: 5 · sqrt(100000 · 0.25 · 0.75).
    #expect(abs(zeros - count / 4) < 685)
  }

  @Test func `the gradient goes through the same mask`() throws {
    let x = Tensor.full([1000], value: 1).trainable()
    let y = dropped(x, 0.5, random)
    let gradient = try #require(y.sum().backward()[x])
    #expect(gradient.floats() == y.floats())
  }

  @Test func `another stream is another mask`() {
    let x = Tensor.full([64], value: 1)
    #expect(dropped(x, 0.5, random).floats() != dropped(x, 0.5, CounterRandom(seed: 7, 2)).floats())
  }
}
