// Every set of attention kernels that this machine can run, forward and backward, against the formula in double, over
// sizes where panels, blocks of keys and vectors end.

import CKernels
import Foundation
import TensorCore
import Testing

@Suite struct `Attention kernels` {
  struct Case: CustomStringConvertible, Sendable {
    var queries: Int
    var keys: Int
    var group: Int
    var width: Int
    var window = 0
    var causal = true
    var cap: Float = 0
    var hasSinks = false
    var description: String {
      "\(queries) of \(keys), \(group) heads of \(width), window \(window), causal \(causal), cap \(cap), sinks \(hasSinks)"
    }
  }

  static let cases = [
    Case(queries: 1, keys: 1, group: 1, width: 8),
    Case(queries: 1, keys: 500, group: 3, width: 64, window: 90),
    Case(queries: 97, keys: 97, group: 2, width: 12),
    Case(queries: 130, keys: 200, group: 3, width: 64, hasSinks: true),
    Case(queries: 70, keys: 300, group: 4, width: 80, window: 100, cap: 1.5),
    Case(queries: 70, keys: 33, group: 2, width: 13, causal: false),
    Case(queries: 3, keys: 389, group: 4, width: 128),
    Case(queries: 130, keys: 140, group: 1, width: 96, window: 60, cap: 1.5, hasSinks: true),
    Case(queries: 100, keys: 100, group: 3, width: 7, window: 1),
  ]
  static let sets = (0..<Int32(4)).filter { mlt_vector_kernels_available($0) != nil }

  /// Outputs and gradients of one key head by the plain formula.
  private struct Reference {
    var output: [Double]
    var delta: [Float]
    var query: [Double]
    var key: [Double]
    var value: [Double]

    init(
      _ test: Case, scale: Double, _ q: [Float], _ k: [Float], _ v: [Float], _ upstream: [Float],
      _ sinks: [Float]
    ) {
      let (n, d, group) = (test.queries * test.group, test.width, test.group)
      output = Array(repeating: 0, count: n * d)
      delta = Array(repeating: 0, count: n)
      (query, key, value) = (
        output, Array(repeating: 0, count: test.keys * d), Array(repeating: 0, count: test.keys * d)
      )
      for row in 0..<n {
        let position = test.keys - test.queries + row / group
        let seen = (0..<test.keys).filter {
          (!test.causal || $0 <= position) && (test.window == 0 || position - $0 < test.window)
        }
        let scores = seen.map { key in
          let dot = (0..<d).reduce(0.0) { $0 + Double(q[row * d + $1]) * Double(k[key * d + $1]) } * scale
          return test.cap > 0 ? Double(test.cap) * tanh(dot / Double(test.cap)) : dot
        }
        var total = test.hasSinks ? exp(Double(sinks[row % group])) : 0
        total = scores.reduce(total) { $0 + exp($1) }
        for (key, score) in zip(seen, scores) {
          for c in 0..<d { output[row * d + c] += exp(score) / total * Double(v[key * d + c]) }
        }
        let rowDelta = (0..<d).reduce(0.0) { $0 + output[row * d + $1] * Double(upstream[row * d + $1]) }
        delta[row / group + row % group * test.queries] = Float(rowDelta)
        for (place, score) in zip(seen, scores) {
          let p = exp(score) / total
          let dp = (0..<d).reduce(0.0) { $0 + Double(upstream[row * d + $1]) * Double(v[place * d + $1]) }
          let slope = test.cap > 0 ? 1 - pow(score / Double(test.cap), 2) : 1
          let ds = p * (dp - rowDelta) * slope * scale
          for c in 0..<d {
            value[place * d + c] += p * Double(upstream[row * d + c])
            query[row * d + c] += ds * Double(k[place * d + c])
            key[place * d + c] += ds * Double(q[row * d + c])
          }
        }
      }
    }
  }

  @Test(arguments: sets, cases)
  func `every set gives outputs and gradients of the formula, in whole and in parts`(index: Int32, test: Case)
    throws
  {
    let set = try #require(mlt_vector_kernels_available(index)).pointee
    var numbers = Numbers(seed: 41)
    let (d, n) = (test.width, test.queries * test.group)
    func random(_ count: Int) -> [Float] { (0..<count).map { _ in numbers.next() } }
    let (q, k, v, upstream) = (random(n * d), random(test.keys * d), random(test.keys * d), random(n * d))
    let sinks = random(test.group)
    let reference = Reference(test, scale: Double(Float(0.3)), q, k, v, upstream, sinks)
    let sizes = set.attention_sizes(d, n)
    let cut = Int(MLT_ATTENTION_KEYS)
    try q.withUnsafeBufferPointer { query in
      try k.withUnsafeBufferPointer { key in
        try v.withUnsafeBufferPointer { value in
          var arguments = mlt_attention(
            query: try #require(query.baseAddress), key: try #require(key.baseAddress),
            value: try #require(value.baseAddress), query_stride: test.group * d, key_stride: d,
            width: d, group: test.group, scale: 0.3, cap: test.cap, position: test.keys - test.queries,
            window: test.window, keys: test.keys, causal: test.causal ? 1 : 0)
          // Not a number wherever nothing was written.
          var state = [Float](repeating: .nan, count: sizes.state)
          var part = state
          var scratch = [Float](repeating: .nan, count: max(sizes.scratch, sizes.scratch_back))
          var output = [Float](repeating: .nan, count: n * d)
          var lse = [Float](repeating: .nan, count: n)

          func finish() {
            set.attend_finish(
              &arguments, 0, n, &state, test.hasSinks ? sinks : nil, &output, &lse, test.queries)
            #expect(deviation(output, reference.output) < 2e-6)
          }
          set.attend(&arguments, 0, n, 0, test.keys, &state, &scratch)
          finish()
          set.attend(&arguments, 0, n, 0, min(cut, test.keys), &state, &scratch)
          for first in stride(from: cut, to: test.keys, by: cut) {
            set.attend(&arguments, 0, n, first, min(first + cut, test.keys), &part, &scratch)
            set.attend_merge(d, n, &state, part)
          }
          finish()

          var dQuery = [Float](repeating: 0, count: n * d)
          var dKey = [Float](repeating: 0, count: test.keys * sizes.width)
          var dValue = dKey
          for first in stride(from: 0, to: test.keys, by: 2 * cut) {
            var rows = [Float](repeating: .nan, count: n * d)
            let end = min(first + 2 * cut, test.keys)
            dKey.withUnsafeMutableBufferPointer { dKey in
              dValue.withUnsafeMutableBufferPointer { dValue in
                guard let dKey = dKey.baseAddress, let dValue = dValue.baseAddress else { return }
                set.attend_back(
                  &arguments, upstream, lse, reference.delta, test.queries, 0, n, first, end, &rows,
                  dKey + first * sizes.width, dValue + first * sizes.width, &scratch)
              }
            }
            for (place, gradient) in rows.enumerated() { dQuery[place] += gradient }
          }
          func unpadded(_ sums: [Float]) -> [Float] {
            (0..<test.keys).flatMap { Array(sums[$0 * sizes.width..<$0 * sizes.width + d]) }
          }
          // Where a query sees one key, its gradient is 0 but for rounding: hence the 1.
          #expect(deviation(dQuery + [1], reference.query + [1]) < 3e-6)
          #expect(deviation(unpadded(dKey) + [1], reference.key + [1]) < 3e-6)
          #expect(deviation(unpadded(dValue), reference.value) < 3e-6)
        }
      }
    }
  }
}
