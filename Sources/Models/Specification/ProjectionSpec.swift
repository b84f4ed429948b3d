// Where queries, keys and values come from.

/// The layers that make queries, keys and values of a row.
package enum ProjectionSpec: Sendable, Equatable {
  case separate(query: LinearSpec, key: LinearSpec, value: LinearSpec)
  /// One layer makes all three.
  case fused(LinearSpec, FusedLayout)
  /// Keys and values are made from one small vector, and so may queries be.
  case latent(LatentSpec)

  var linears: [LinearSpec] {
    switch self {
    case .separate(let query, let key, let value): [query, key, value]
    case .fused(let linear, _): [linear]
    case .latent(let latent): latent.linears
    }
  }

  var norms: [NormSpec] {
    switch self {
    case .separate, .fused: []
    case .latent(let latent): (latent.queryDown.map { [$0.norm] } ?? []) + [latent.keyValueNorm]
    }
  }
}

/// In what order one layer puts out the heads of queries, keys and values.
package enum FusedLayout: Sendable {
  /// All queries, all keys, all values.
  case kinds
  /// For each key: the queries that it serves, itself, its value.
  case groups
}

/// Multi-head latent attention (DeepSeek-AI 2024, arXiv:2405.04434, section 2.1): of each head, some dimensions are rotated,
/// in keys the same for all heads, and the others come from the latent vector.
package struct LatentSpec: Sendable, Equatable {
  /// Makes the latent vector of queries, where they have one.
  package struct Down: Sendable, Equatable {
    package var linear: LinearSpec
    package var norm: NormSpec
  }

  package var queryDown: Down?
  /// Of each head: what is not rotated, then what is.
  package var query: LinearSpec
  /// Makes the latent vector of keys and values, then what of all keys is rotated.
  package var keyValueDown: LinearSpec
  package var keyValueNorm: NormSpec
  /// Of each head: what of the key is not rotated, then the value.
  package var keyValue: LinearSpec
  /// How many dimensions of a query or key are rotated.
  package var rotatedSize: Int
  /// How many are not.
  package var fixedSize: Int
  package var valueSize: Int

  var linears: [LinearSpec] { (queryDown.map { [$0.linear] } ?? []) + [query, keyValueDown, keyValue] }
}
