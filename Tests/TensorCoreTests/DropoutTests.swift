// What dropout zeroes, keeps and passes back.

import TensorCore
import Testing

@Suite struct DropoutTests {
  private let random = CounterRandom(seed: 7, 1)

  @Test(arguments: [1, 5, 100_000]) func `kept elements are scaled, the others are 0`(count: Int) {
    let x = Tensor((0..<count).map { Float($0 + 1) })
    let y = x.dropout(0.25, random).floats()
    for (index, value) in y.enumerated() {
      #expect(value == (random.uniform(index) < 0.25 ? 0 : Float(index + 1) * (1 / 0.75)))
    }
  }

  @Test func `as many elements are zeroed as the probability says`() {
    let count = 100_000
    let zeros = Tensor.full([count], value: 1).dropout(0.25, random).floats().count { $0 == 0 }
    // Five standard deviations of a binomial distribution: 5 · sqrt(100000 · 0.25 · 0.75).
    #expect(abs(zeros - count / 4) < 685)
  }

  @Test func `the gradient goes through the same mask`() throws {
    let x = Tensor.full([1000], value: 1).trainable()
    let y = x.dropout(0.5, random)
    let gradient = try #require(y.sum().backward()[x])
    #expect(gradient.floats() == y.floats())
  }

  @Test func `another stream is another mask`() {
    let x = Tensor.full([64], value: 1)
    #expect(x.dropout(0.5, random).floats() != x.dropout(0.5, CounterRandom(seed: 7, 2)).floats())
  }
}
