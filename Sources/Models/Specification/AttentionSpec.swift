// How a block attends.

/// Causal attention of many query heads over fewer, shared key and value heads.
///
/// Ainslie et al. 2023, "GQA", arXiv:2305.13245.
package struct AttentionSpec: Sendable, Equatable {
  package var heads: Int
  package var keyValueHeads: Int
  package var headSize: Int
  /// The size of a value, where values end in zeros.
  package var valueSize: Int?
  package var projection: ProjectionSpec
  package var output: LinearSpec
  /// A norm before rotation: of each query head, or of all together if it is as wide as they are.
  package var queryNorm: NormSpec?
  /// The same for keys.
  package var keyNorm: NormSpec?
  /// What queries, keys and values are clamped to, on both sides of 0, before rotation.
  package var clip: Float?
  /// Nil where attention does not know positions.
  package var rotary: RotarySpec?
  /// How many positions a query sees, its own included; nil for all before it.
  package var window: Int?
  /// What scores are multiplied by.
  package var scale: Float
  /// Then scores s become cap · tanh(s / cap).
  package var softcap: Float?
  /// For each head one more score, of nothing: what it takes of the softmax is lost (gpt-oss).
  package var sinks: ParameterSpec?
  /// Whether each query is followed by a gate: its sigmoid multiplies what the head puts out (arXiv:2505.06708).
  package var hasOutputGate = false
}
