import Benchmarks
import Testing

@Suite struct SpreadTests {
  @Test func `the median of an odd number of runs is the middle one`() {
    #expect(Spread([3, 1, 100]).median == 3)
  }

  @Test func `the median of an even number of runs is the mean of the middle two`() {
    #expect(Spread([4, 1, 2, 100]).median == 3)
  }

  @Test func `the extremes are kept`() {
    let spread = Spread([2, 5, 1])
    #expect(spread.least == 1 && spread.most == 5)
  }
}
