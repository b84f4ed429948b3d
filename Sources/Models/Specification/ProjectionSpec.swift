// Where queries, keys and values come from.

/// The layers that make queries, keys and values of a row.
package enum ProjectionSpec: Sendable, Equatable {
  case separate(query: LinearSpec, key: LinearSpec, value: LinearSpec)
  /// One layer makes all three.
  case fused(LinearSpec, FusedLayout)

  var linears: [LinearSpec] {
    switch self {
    case .separate(let query, let key, let value): [query, key, value]
    case .fused(let linear, _): [linear]
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
