// How a block attends.

/// Causal attention of many query heads over fewer, shared key and value heads.
///
/// Ainslie et al. 2023, "GQA", arXiv:2305.13245.
package struct AttentionSpec: Sendable, Equatable {
  package var heads: Int
  package var keyValueHeads: Int
  package var headSize: Int
  package var query: LinearSpec
  package var key: LinearSpec
  package var value: LinearSpec
  package var output: LinearSpec
  /// A norm of each query head before rotation.
  package var queryNorm: NormSpec?
  /// A norm of each key head before rotation.
  package var keyNorm: NormSpec?
  package var rotary: RotarySpec
  /// How many positions a query sees, its own included; nil for all before it.
  package var window: Int?
  /// What scores are multiplied by.
  package var scale: Float
}
