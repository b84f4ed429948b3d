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
    let (output, logSumExp) = problem.forward()
    return record("attention", output: output, inputs: [query, key, value] + (sinks.map { [$0] } ?? [])) {
      upstream in
      let gradients = problem.backward(output: output, logSumExp: logSumExp, upstream: upstream)
      return [gradients.query, gradients.key, gradients.value] + (gradients.sinks.map { [$0] } ?? [])
    }
  }
}
