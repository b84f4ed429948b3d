// Numbers as a person reads them.

import SafeIO
import Testing

@Suite struct WordsTests {
  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (12_345, "12.3 kB"), (4_000_000, "4.00 MB"),
    (7_500_000_000_000, "7.50 TB"),
  ])
  func `bytes come in powers of 1000`(count: Int, text: String) {
    #expect(Words.bytes(count) == text)
  }

  @Test(arguments: [
    (0.004, "4.0 ms"), (0.25, "250 ms"), (1.5, "1.50 s"), (125, "2 min 05 s"), (4800, "1 h 20 min"),
  ])
  func `a latency is told in the unit that fits`(seconds: Double, text: String) {
    #expect(Words.latency(seconds) == text)
  }

  @Test(arguments: [
    (0, "0.0000"), (0.0123, "0.0123"), (0.001, "0.0010"), (0.0000321, "3.2e-05"), (-1.5, "-1.5000"),
  ])
  func `a small number is told from 0`(value: Double, text: String) {
    #expect(Words.small(value) == text)
  }

  @Test(arguments: [(0.66667, "0.6667"), (12, "12"), (1.05, "1.05"), (.infinity, "inf")])
  func `four digits are significant`(value: Double, text: String) {
    #expect(Words.significant(value) == text)
  }

  @Test(arguments: [(2.0, 1, "2.0"), (-0.04, 1, "0.0"), (0.996, 2, "1.00"), (.nan, 2, "nan")])
  func `decimals are rounded, and zero has no sign`(value: Double, digits: Int, text: String) {
    #expect(Words.fixed(value, digits) == text)
  }
}
