// Attention, backward: FlashAttention-2, algorithm 2 (the formulas stand beside the kernel).
//
// A task is a range of the keys of one span and key head: dK and dV are its own. dQ is a sum over the ranges, of which
// there are at most four, so that its parts cost at most one and a half times its memory: the first writes the
// gradient itself, the others write parts, which then are added in the order of the ranges. For a sink with
// probability p in a row, which has no value, d sink = -p delta.

import CKernels
import Glibc

extension AttentionProblem {
  struct AttentionGradients {
    let query: Tensor
    let key: Tensor
    let value: Tensor
    let sinks: Tensor?
  }

  /// A range of the keys of a span, and the queries that see some of them.
  private struct KeyRange {
    let span: Int
    let keys: Range<Int>
    let queries: Range<Int>
    /// `[queries, heads, d]`; nil for the first range.
    let part: Tensor?

    var cost: Int { keys.count * queries.count }
  }

  private func keyRanges() -> [KeyRange] {
    spans.enumerated().flatMap { index, span -> [KeyRange] in
      let (keys, unit) = (span.keys.count, Int(MLT_ATTENTION_KEYS))
      let count = Swift.max(1, Swift.min(4, keys / 1024))
      let size = Swift.max(1, ((keys + count - 1) / count + unit - 1) / unit) * unit
      let position = keys - span.queries.count
      return stride(from: 0, to: keys, by: size).map { first in
        let range = first..<Swift.min(first + size, keys)
        let least = causal ? Swift.max(0, range.lowerBound - position) : 0
        let end =
          window.map { Swift.min(span.queries.count, range.upperBound - 1 + $0 - position) }
          ?? span.queries.count
        let queries = first == 0 ? 0..<span.queries.count : least..<Swift.max(least, end)
        return KeyRange(
          span: index, keys: range, queries: queries,
          part: first == 0 ? nil : .uninitialized([queries.count, heads, width]))
      }
    }
  }

  /// The gradients; those of key and value are `[keyCount, kvHeads, d]`.
  func backward(output: Tensor, logSumExp: Tensor, upstream: Tensor, keyCount: Int) -> AttentionGradients {
    let byKeys = spans.sorted { $0.keys.lowerBound < $1.keys.lowerBound }
    precondition(
      zip(byKeys, byKeys.dropFirst()).allSatisfy { $0.keys.upperBound <= $1.keys.lowerBound },
      "attention gradients need spans whose keys do not overlap")
    let gradients = AttentionGradients(
      query: .uninitialized(query.shape), key: .zeros([keyCount, kvHeads, width]),
      value: .zeros([keyCount, kvHeads, width]), sinks: sinks.map { .zeros($0.shape) })
    let delta = Tensor.uninitialized([heads, rows])
    let stride = heads * width
    let (o, dO, d) = (output.source, upstream.source, delta.target)
    ThreadPool.shared.run(heads) { head in
      VectorKernels.best.dot_rows(
        dO + head * width, stride, o + head * width, stride, rows, width, d + head * rows)
    }
    let ranges = keyRanges()
    // The longest first, so that no thread is left with one at the end.
    let order = ranges.indices.sorted { ranges[$0].cost > ranges[$1].cost }
    ThreadPool.shared.run(ranges.count * kvHeads) { task in
      backward(
        ranges[order[task / kvHeads]], kvHead: task % kvHeads, logSumExp: logSumExp, delta: delta,
        upstream: upstream, into: gradients)
    }
    for range in ranges {
      guard let part = range.part else { continue }
      let start = (spans[range.span].queries.lowerBound + range.queries.lowerBound) * stride
      let (from, to) = (part.source, gradients.query.target + start)
      VectorKernels.elements(part.count) { piece in
        VectorKernels.best.accumulate(from + piece.lowerBound, 1, to + piece.lowerBound, piece.count)
      }
    }
    if let sinks, let sinkGradients = gradients.sinks {
      let (lse, delta, logits, target) = (logSumExp.source, delta.source, sinks.source, sinkGradients.target)
      for head in 0..<heads {
        var sum = 0.0
        for row in head * rows..<(head + 1) * rows {
          sum -= Double(exp(logits[head] - lse[row]) * delta[row])
        }
        target[head] = Float(sum)
      }
    }
    return gradients
  }

  private func backward(
    _ range: KeyRange, kvHead: Int, logSumExp: Tensor, delta: Tensor, upstream: Tensor,
    into gradients: AttentionGradients
  ) {
    let (kernels, span, count) = (VectorKernels.best, range.span, range.keys.count)
    var arguments = arguments(span, kvHead: kvHead)
    let sizes = kernels.attention_sizes(width, 1)
    let sums = Tensor.zeros([2, count, sizes.width])
    let scratch = Tensor.uninitialized([sizes.scratch_back])
    let (keySums, valueSums) = (sums.target, sums.target + count * sizes.width)
    let (place, statistics) = (
      place(span, kvHead: kvHead), statisticsPlace(span, kvHead: kvHead)
    )
    kernels.attend_back(
      &arguments, upstream.source + place, logSumExp.source + statistics, delta.source + statistics, rows,
      range.queries.lowerBound * group, range.queries.count * group, range.keys.lowerBound,
      range.keys.upperBound,
      range.part.map { $0.target + kvHead * group * width } ?? gradients.query.target + place,
      keySums, valueSums, scratch.target)
    let firstKey = spans[span].keys.lowerBound + range.keys.lowerBound
    for key in 0..<count {
      let target = ((firstKey + key) * kvHeads + kvHead) * width
      (gradients.key.target + target).update(from: keySums + key * sizes.width, count: width)
      (gradients.value.target + target).update(from: valueSums + key * sizes.width, count: width)
    }
  }
}
