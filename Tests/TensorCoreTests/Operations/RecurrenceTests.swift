// Recurrences and convolutions whose documents go on, against the same documents in one piece.

import TensorCore
import Testing

@Suite struct `Recurrences in pieces` {
  /// 2 key heads for 6 heads; the first document is longer than a chunk.
  private struct Rows {
    let query, key, value, decay, step: Tensor

    init(_ count: Int, seed: UInt64) {
      var numbers = Numbers(seed: seed)
      query = numbers.tensor([count, 2, 5])
      key = numbers.tensor([count, 2, 5]).rmsNorm(weight: nil, epsilon: 1e-6) * 0.4
      value = numbers.tensor([count, 6, 3])
      decay = numbers.tensor([count, 6]).sigmoid() * -0.5
      step = numbers.tensor([count, 6]).sigmoid()
    }

    private init(_ rows: Rows, _ range: [Int32]) {
      func chosen(_ x: Tensor) -> Tensor { x.embedding(ids: range) }
      (query, key, value) = (chosen(rows.query), chosen(rows.key), chosen(rows.value))
      (decay, step) = (chosen(rows.decay), chosen(rows.step))
    }

    func rows(_ ranges: Range<Int>...) -> Rows { Rows(self, ranges.flatMap { $0.map(Int32.init) }) }

    func read(_ rule: RecurrenceRule, _ documents: [Range<Int>]) -> Tensor {
      .recurrence(
        query: query, key: key, value: value, decay: decay, step: step, rule: rule, documents: documents)
    }

    func read(_ rule: RecurrenceRule, _ documents: [Range<Int>], from memories: [Tensor?]) -> (
      Tensor, [Tensor]
    ) {
      let (output, ends) = Tensor.recurrence(
        query: query, key: key, value: value, decay: decay, step: step, rule: rule, documents: documents,
        memories: memories)
      return (output, ends)
    }
  }

  @Test(arguments: [RecurrenceRule.additive, .delta])
  func `documents that go on read what they read in one piece`(_ rule: RecurrenceRule) {
    let all = Rows(160, seed: 31)
    let whole = all.read(rule, [0..<150, 150..<160]).floats().map { Double($0) }
    // Two documents of which the first has been read up to row 70, the second not at all; then single rows.
    let (first, begun) = all.rows(0..<70).read(rule, [0..<70, 70..<70], from: [nil, nil])
    #expect(begun[1].floats().allSatisfy { $0 == 0 })
    let (next, ends) = all.rows(70..<149, 150..<159).read(rule, [0..<79, 79..<88], from: [begun[0], nil])
    let (last, _) = all.rows(149..<150, 159..<160).read(rule, [0..<1, 1..<2], from: ends)
    let width = 18
    let (f, n, l) = (first.floats(), next.floats(), last.floats())
    let found = f + n[..<(79 * width)] + l[..<width] + n[(79 * width)...] + l[width...]
    // The order of sums differs with the chunks.
    #expect(deviation(found, whole) < 2e-6)
  }

  @Test(arguments: [RecurrenceRule.additive, .delta])
  func `a memory that goes in stays as it was`(_ rule: RecurrenceRule) {
    let rows = Rows(3, seed: 5)
    let (_, ends) = rows.read(rule, [0..<3], from: [nil])
    let before = bits(ends[0])
    _ = rows.read(rule, [0..<3], from: [ends[0]])
    #expect(bits(ends[0]) == before)
  }

  @Test func `a convolution reaches back in its document alone`() {
    let x = Tensor([1, 2, 3, 10, 20] as [Float], shape: [5, 1])
    let taps = Tensor([100, 10, 1] as [Float], shape: [3, 1])
    let found = x.causalConvolution(taps: taps, bias: Tensor([0.5]), documents: [0..<3, 3..<3, 3..<5])
      .floats()
    #expect(found == [1.5, 12.5, 123.5, 10.5, 120.5])
  }
}
