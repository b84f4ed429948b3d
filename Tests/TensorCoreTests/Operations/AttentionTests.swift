// Attention over blocks against the plain formula, at the edges of blocks, and the promise of rows without padding.

import TensorCore
import Testing

@Suite struct `Attention over rows` {
  struct Case: CustomStringConvertible, Sendable {
    var queries: Int
    var keys: Int
    var window: Int?
    var causal = true
    var softcap: Float?
    var description: String {
      "\(queries) of \(keys), window \(window ?? 0), causal \(causal), cap \(softcap ?? 0)"
    }
  }

  /// Around the widths of panels and the block of 96 keys.
  static let cases: [Case] =
    [1, 2, 47, 48, 49, 95, 96, 97, 200].map { Case(queries: $0, keys: $0) }
    + [
      Case(queries: 1, keys: 300), Case(queries: 3, keys: 129), Case(queries: 65, keys: 193),
      Case(queries: 200, keys: 200, window: 1), Case(queries: 200, keys: 200, window: 64),
      Case(queries: 200, keys: 200, window: 130), Case(queries: 70, keys: 300, window: 100),
      Case(queries: 70, keys: 33, causal: false), Case(queries: 130, keys: 140, causal: false, softcap: 1.5),
      Case(queries: 130, keys: 140, window: 60, softcap: 1.5),
    ]

  /// softmax(mask(cap(scale q kᵀ))) v for one head, with the whole score matrix.
  private func plain(_ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Float, _ test: Case) -> Tensor {
    var scores = q.matmul(k.transposed([1, 0])) * scale
    if let cap = test.softcap { scores = (scores / cap).tanh() * cap }
    var mask: [Float] = []
    for query in 0..<test.queries {
      let position = test.keys - test.queries + query
      for key in 0..<test.keys {
        let seen = (!test.causal || key <= position) && (test.window.map { position - key < $0 } ?? true)
        mask.append(seen ? 0 : -.infinity)
      }
    }
    return (scores + Tensor(mask, shape: [test.queries, test.keys])).softmax(axis: -1).matmul(v)
  }

  @Test(arguments: cases)
  func `blocks give what the whole score matrix gives`(test: Case) throws {
    var numbers = Numbers(seed: 31)
    let (heads, kvHeads, width) = (4, 2, 12)
    let q = numbers.tensor([test.queries, heads, width], scale: 2).trainable()
    let k = numbers.tensor([test.keys, kvHeads, width], scale: 2).trainable()
    let v = numbers.tensor([test.keys, kvHeads, width]).trainable()
    let upstream = numbers.tensor([test.queries, heads, width])
    let output = Tensor.attention(
      query: q, key: k, value: v, spans: [AttentionSpan(queries: 0..<test.queries, keys: 0..<test.keys)],
      scale: 0.3,
      window: test.window, softcap: test.softcap, causal: test.causal)

    func head(_ x: Tensor, _ index: Int) -> Tensor {
      x.slice(axis: 1, start: index, end: index + 1).reshaped([x.shape[0], width])
    }
    let expected = Tensor.concatenated(
      (0..<heads).map { index in
        plain(head(q, index), head(k, index / 2), head(v, index / 2), scale: 0.3, test)
          .reshaped([test.queries, 1, width])
      }, axis: 1)
    // Both are f32; sums of up to 300 terms in different orders.
    #expect(deviation(output.floats(), expected.floats().map { Double($0) }) < 2e-6)
    let (found, plainGradients) = (output.backward(seed: upstream), expected.backward(seed: upstream))
    for leaf in [q, k, v] {
      // Where a query sees one key, its gradient is 0 but for rounding: hence the 1.
      let reference = try #require(plainGradients[leaf]).floats().map { Double($0) } + [1]
      #expect(deviation(try #require(found[leaf]).floats() + [1], reference) < 5e-6)
    }
  }

  @Test func `a packed document has the same bits as alone`() throws {
    var numbers = Numbers(seed: 32)
    let lengths = [70, 1, 130, 64]
    let total = lengths.reduce(0, +)
    let (q, k, v) = (
      numbers.tensor([total, 4, 8]), numbers.tensor([total, 2, 8]), numbers.tensor([total, 2, 8])
    )
    var spans: [AttentionSpan] = []
    for length in lengths {
      let start = spans.last?.queries.upperBound ?? 0
      spans.append(AttentionSpan(queries: start..<start + length, keys: start..<start + length))
    }
    let packed = Tensor.attention(query: q, key: k, value: v, spans: spans, scale: 0.3)
    for span in spans {
      let (start, end) = (span.queries.lowerBound, span.queries.upperBound)
      func part(_ x: Tensor) -> Tensor { x.slice(axis: 0, start: start, end: end) }
      let alone = Tensor.attention(
        query: part(q), key: part(k), value: part(v),
        spans: [AttentionSpan(queries: 0..<end - start, keys: 0..<end - start)], scale: 0.3)
      #expect(bits(alone) == bits(part(packed)))
    }
  }

  @Test func `decoding row by row gives what all rows at once give`() throws {
    var numbers = Numbers(seed: 33)
    let (q, k, v) = (numbers.tensor([150, 4, 8]), numbers.tensor([150, 2, 8]), numbers.tensor([150, 2, 8]))
    let sinks = numbers.tensor([4])
    let all = Tensor.attention(
      query: q, key: k, value: v, spans: [AttentionSpan(queries: 0..<150, keys: 0..<150)], scale: 0.3,
      window: 90, sinks: sinks)
    for row in [0, 1, 63, 64, 127, 128, 149] {
      let one = Tensor.attention(
        query: q.slice(axis: 0, start: row, end: row + 1), key: k, value: v,
        spans: [AttentionSpan(queries: 0..<1, keys: 0..<row + 1)], scale: 0.3, window: 90, sinks: sinks)
      let expected = all.slice(axis: 0, start: row, end: row + 1).floats().map { Double($0) }
      #expect(deviation(one.floats(), expected) < 2e-6, "row \(row)")
    }
  }

  @Test func `kept keys of several documents give the bits of each alone`() {
    var numbers = Numbers(seed: 34)
    let (lengths, queries, capacity) = ([1, 70, 900, 33], [1, 1, 1, 20], 1000)
    let kept = lengths.map { _ in
      (keys: numbers.tensor([2, capacity, 8]), values: numbers.tensor([2, capacity, 8]))
    }
    let query = numbers.tensor([queries.reduce(0, +), 6, 8])
    var spans: [AttentionSpan] = []
    for (length, count) in zip(lengths, queries) {
      let start = spans.last?.queries.upperBound ?? 0
      spans.append(AttentionSpan(queries: start..<start + count, keys: 0..<length))
    }
    let together = Tensor.attention(query: query, kept: kept, spans: spans, scale: 0.3)
    for (span, kept) in zip(spans, kept) {
      let count = span.queries.count
      let rows = query.slice(axis: 0, start: span.queries.lowerBound, end: span.queries.upperBound)
      let alone = Tensor.attention(
        query: rows, kept: [kept], spans: [AttentionSpan(queries: 0..<count, keys: span.keys)], scale: 0.3)
      #expect(
        bits(alone)
          == bits(together.slice(axis: 0, start: span.queries.lowerBound, end: span.queries.upperBound)))
      func rowMajor(_ x: Tensor) -> Tensor { x.transposed([1, 0, 2]) }
      let plain = Tensor.attention(
        query: rows, key: rowMajor(kept.keys), value: rowMajor(kept.values),
        spans: [AttentionSpan(queries: 0..<count, keys: span.keys)], scale: 0.3)
      #expect(bits(alone) == bits(plain))
    }
  }

  @Test func `a long sequence, whose keys are cut, gives the gradients of the whole score matrix`() throws {
    var numbers = Numbers(seed: 35)
    let test = Case(queries: 2100, keys: 2100, window: 1500)
    let (q, k) = (numbers.tensor([2100, 2, 4]).trainable(), numbers.tensor([2100, 1, 4]).trainable())
    let v = numbers.tensor([2100, 1, 4]).trainable()
    let upstream = numbers.tensor([2100, 2, 4])
    let output = Tensor.attention(
      query: q, key: k, value: v, spans: [AttentionSpan(queries: 0..<2100, keys: 0..<2100)], scale: 0.3,
      window: 1500)
    let flat = [k, v].map { $0.reshaped([2100, 4]) }
    let expected = Tensor.concatenated(
      (0..<2).map { head in
        plain(
          q.slice(axis: 1, start: head, end: head + 1).reshaped([2100, 4]), flat[0], flat[1], scale: 0.3, test
        ).reshaped([2100, 1, 4])
      }, axis: 1)
    #expect(deviation(output.floats(), expected.floats().map { Double($0) }) < 2e-6)
    let (found, plainGradients) = (output.backward(seed: upstream), expected.backward(seed: upstream))
    for leaf in [q, k, v] {
      let reference = try #require(plainGradients[leaf]).floats().map { Double($0) }
      #expect(deviation(try #require(found[leaf]).floats(), reference) < 1e-5)
    }
  }

  @Test func `spans that leave rows out or reach too far trap`() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([4, 1, 2])
      _ = Tensor.attention(
        query: x, key: x, value: x, spans: [AttentionSpan(queries: 0..<3, keys: 0..<3)], scale: 1)
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([4, 1, 2])
      _ = Tensor.attention(
        query: x, key: x, value: x, spans: [AttentionSpan(queries: 0..<4, keys: 0..<5)], scale: 1)
    }
  }
}
