import TensorCore
import Testing

/// The random numbers: known values, order, spread.
@Suite struct CounterRandomTests {
  @Test func `a stream is SplitMix64 seeded with its key`() {
    // The state walks by the golden gamma; the finalizer is Stafford's variant 13.
    let random = CounterRandom(seed: 42, 1)
    var state = random.key
    for index in 0..<5 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      #expect(random.bits(index) == z ^ (z >> 31))
    }
  }

  @Test func `purposes and seeds give unrelated streams`() {
    let streams = [
      CounterRandom(seed: 0), CounterRandom(seed: 1), CounterRandom(seed: 0, 0), CounterRandom(seed: 0, 1),
      CounterRandom(seed: 0, 0, 1), CounterRandom(seed: 0, 1, 0), CounterRandom(seed: -1),
    ]
    #expect(Set(streams.map(\.key)).count == streams.count)
  }

  @Test func `uniform numbers lie in 0 to 1 and have the right mean and variance`() {
    let random = CounterRandom(seed: 1, 2)
    let count = 100_000
    let values = (0..<count).map { Double(random.uniform($0)) }
    #expect(values.allSatisfy { (0..<1).contains($0) })
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    // Five standard errors: 5 · sqrt(1/12 / 100000) and 5 · sqrt(1/180 / 100000).
    #expect(abs(mean - 0.5) < 0.0046)
    #expect(abs(variance - 1 / 12.0) < 0.0012)
  }

  @Test(arguments: [0, 1, 2, 17]) func `a permutation has every number once`(count: Int) {
    #expect(CounterRandom(seed: 5).permutation(count).sorted() == Array(0..<count))
  }
}
