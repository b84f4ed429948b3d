// Gated recurrences: a memory of fixed size that each row reads and writes, instead of attention to all earlier rows.
//
// Of each head there is a memory S [key width, value width]. A row with query q, key k, value v, decay g ≤ 0 and step s does
//
//     S ← e^g S                               forgets
//     u = s v                                 .additive: Dao and Gu 2024, "Transformers are SSMs" (arXiv:2405.21060)
//     u = s (v − Sᵀ k)                        .delta: Yang et al. 2024, "Gated Delta Networks" (arXiv:2412.06464)
//     S ← S + k uᵀ,  y = Sᵀ q
//
// The additive rule is the state space model of Mamba-2 by its duality: q is C, k is B, s the time step, g = A s. Rows go
// in chunks, within which both are matrix products and, for the delta rule, a triangular system (arXiv:2406.06484). With c
// the sums of g within the chunk, D[i, j] = e^(c[i] − c[j]) for j ≤ i, S₀ the memory before it, rows as matrices:
//
//     (1 + L) U = s (V − e^c K S₀),   L = s D (K Kᵀ) below the diagonal;   additive: U = s V
//     Y = (D Q Kᵀ) U + e^c Q S₀,      S = e^c[last] S₀ + (e^(c[last] − c) K)ᵀ U
//
// Going back, memories before chunks are computed again, a head at a time; the gradients stand beside the code, in
// RecurrenceBackward.swift.

import CKernels

/// What a row writes into the memory of a recurrence.
package enum RecurrenceRule: Sendable {
  /// Its value.
  case additive
  /// What its value differs by from the one that the memory has for its key.
  case delta
}

extension Tensor {
  /// What each row reads from a memory that begins empty in each document.
  ///
  /// - Parameters:
  ///   - query: `[rows, keyHeads, keyWidth]`; head h reads with the query and writes with the key h / (heads / keyHeads).
  ///   - key: the same shape.
  ///   - value: `[rows, heads, valueWidth]`
  ///   - decay: `[rows, heads]`, logarithms of what is left of the memory; none above 0.
  ///   - step: `[rows, heads]`
  ///   - documents: Consecutive ranges of rows that cover all of them.
  /// - Returns: `[rows, heads, valueWidth]`
  package static func recurrence(
    query: Tensor, key: Tensor, value: Tensor, decay: Tensor, step: Tensor, rule: RecurrenceRule,
    documents: [Range<Int>]
  ) -> Tensor {
    func problem(_ inputs: [Tensor]) -> RecurrenceProblem {
      RecurrenceProblem(
        query: inputs[0], key: inputs[1], value: inputs[2], decay: inputs[3], step: inputs[4], rule: rule,
        documents: documents)
    }
    let inputs = [query, key, value, decay, step]
    let saved = inputs.map { Saved($0) }
    return record("recurrence", output: problem(inputs).forward(), inputs: inputs) { upstream in
      problem(saved.map(\.value)).backward(upstream)
    }
  }

  /// The same for documents that go on, with the memories that they had before these rows.
  ///
  /// Not recorded.
  ///
  /// - Parameter memories: for each document `[heads, keyWidth, valueWidth]`, or nil where it begins.
  /// - Returns: the output, and the memories after the last row of each document.
  package static func recurrence(
    query: Tensor, key: Tensor, value: Tensor, decay: Tensor, step: Tensor, rule: RecurrenceRule,
    documents: [Range<Int>], memories: [Tensor?]
  ) -> (output: Tensor, memories: [Tensor]) {
    RecurrenceProblem(
      query: query, key: key, value: value, decay: decay, step: step, rule: rule, documents: documents
    ).forward(from: memories)
  }
}
