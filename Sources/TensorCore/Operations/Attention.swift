// Scaled dot-product attention over rows: Vaswani et al. 2017 (arXiv:1706.03762), computed blockwise as in Dao 2023,
// "FlashAttention-2" (arXiv:2307.08691): scores exist for one block of queries and keys at a time, and going back they
// are computed again from the log-sum-exp of each row.
//
// Activations are rows, one per token, without batches and without padding. Which rows belong together is said by
// spans alone, so packed documents, batches and cached decoding are one and the same code.

import CKernels

/// Rows that attend to each other.
package struct AttentionSpan: Sendable, Equatable {
  /// Rows of the query tensor.
  package var queries: Range<Int>
  /// Rows of the key and value tensors.
  ///
  /// Query `i` of the span stands at position `keys.count - queries.count + i`.
  package var keys: Range<Int>

  package init(queries: Range<Int>, keys: Range<Int>) {
    self.queries = queries
    self.keys = keys
  }
}

extension Tensor {
  /// softmax(scale · Q Kᵀ) V for each span and head, over the keys that a query sees.
  ///
  /// - Parameters:
  ///   - query: `[rows, heads, d]`
  ///   - key: `[keyRows, kvHeads, d]`; query head h reads key and value head h / (heads / kvHeads).
  ///   - value: `[keyRows, kvHeads, d]`
  ///   - spans: Consecutive ranges of query rows that cover all of them. To train, key ranges must not overlap.
  ///   - scale: Multiplies the scores.
  ///   - window: A query at position p sees keys j with p - window < j only.
  ///   - softcap: Scores s become cap · tanh(s / cap) (Gemma 2, arXiv:2408.00118, section 2).
  ///   - sinks: `[heads]`, one more logit per head in the softmax that has no value (gpt-oss).
  ///   - causal: A query at position p sees keys j ≤ p only.
  /// - Returns: `[rows, heads, d]`
  package static func attention(
    query: Tensor, key: Tensor, value: Tensor, spans: [AttentionSpan], scale: Float, window: Int? = nil,
    softcap: Float? = nil, sinks: Tensor? = nil, causal: Bool = true
  ) -> Tensor {
    let problem = AttentionProblem(
      query: query, key: key, value: value, spans: spans, scale: scale, window: window, softcap: softcap,
      sinks: sinks, causal: causal)
    let inputs = [query, key, value] + (sinks.map { [$0] } ?? [])
    let (output, logSumExp) = problem.forward(withLogSumExp: recordingWanted(inputs))
    let (savedQuery, savedKey, savedValue) = (Saved(query), Saved(key), Saved(value))
    let (keyCount, inputCount) = (key.shape[0], inputs.count)
    let sinks = sinks?.detached()
    return record("attention", output: output, inputs: inputs) { upstream in
      guard let logSumExp else { return Array(repeating: nil, count: inputCount) }
      let problem = AttentionProblem(
        query: savedQuery.value, key: savedKey.value, value: savedValue.value, spans: spans, scale: scale,
        window: window, softcap: softcap, sinks: sinks, causal: causal)
      let gradients = problem.backward(
        output: output, logSumExp: logSumExp, upstream: upstream, keyCount: keyCount)
      return [gradients.query, gradients.key, gradients.value] + (gradients.sinks.map { [$0] } ?? [])
    }
  }

  /// The same for keys and values that are kept: span i reads the first `spans[i].keys.count` rows of `kept[i]`.
  ///
  /// Not recorded.
  ///
  /// - Parameters:
  ///   - query: `[rows, heads, d]`
  ///   - kept: for each span keys and values `[kvHeads, capacity, d]`, so that the rows of a head follow each other.
  ///   - spans: Consecutive ranges of query rows that cover all of them; their keys begin at 0.
  /// - Returns: `[rows, heads, d]`
  package static func attention(
    query: Tensor, kept: [(keys: Tensor, values: Tensor)], spans: [AttentionSpan], scale: Float,
    window: Int? = nil, softcap: Float? = nil, sinks: Tensor? = nil
  ) -> Tensor {
    precondition(kept.count == spans.count, "\(kept.count) caches for \(spans.count) spans")
    guard let kvHeads = kept.first?.keys.shape[0] else { return .zeros(query.shape) }
    for ((keys, values), span) in zip(kept, spans) {
      precondition(
        query.rank == 3 && keys.rank == 3 && keys.shape == values.shape && query.shape[2] == keys.shape[2]
          && keys.shape[0] == kvHeads && kvHeads > 0 && query.shape[1] % kvHeads == 0
          && span.keys.lowerBound == 0 && span.keys.upperBound <= keys.shape[1],
        "attention needs [rows, heads, d] and [kvHeads, capacity, d], not \(query), \(keys), \(values)")
    }
    let keyRows = kept.map { keys, values in
      let width = keys.shape[2]
      return AttentionProblem.KeyRows(
        key: keys.detached(), value: values.detached(), firstRow: 0, rowStride: width,
        headStride: keys.shape[1] * width)
    }
    return AttentionProblem(
      query: query, kvHeads: kvHeads, spans: spans, keyRows: keyRows, scale: scale, window: window,
      softcap: softcap, sinks: sinks, causal: true
    ).forward(withLogSumExp: false).output
  }
}
