// The mixer of Qwen3-Next.

/// A memory of each head that is corrected by what it gets wrong: "Gated Delta Networks", arXiv:2412.06464.
///
/// Queries, keys and values go through a convolution and SiLU, queries and keys are divided by their lengths; the step of
/// correction is a sigmoid; after a norm of each head's output, times SiLU of a gate, comes the output layer.
package struct DeltaNetSpec: Sendable, Equatable {
  package var keyHeads: Int
  package var keySize: Int
  /// A multiple of the key heads; each of these serves heads that follow each other.
  package var heads: Int
  package var valueSize: Int
  package var projection: DeltaNetProjection
  /// Of all queries, all keys, all values.
  package var convolution: ConvolutionSpec
  package var decay: DecaySpec
  /// Of each head's output.
  package var norm: NormSpec
  package var output: LinearSpec

  /// Of all queries, or all keys.
  package var keyWidth: Int { keyHeads * keySize }
  /// Of all values, and of their gates.
  package var valueWidth: Int { heads * valueSize }

  var linears: [LinearSpec] { projection.linears + [output] }

  var parameters: [ParameterSpec] {
    linears.flatMap(\.parameters) + convolution.parameters + decay.parameters + norm.parameters
  }
}

/// The layers that make queries, keys, values, gates, steps and decays.
package enum DeltaNetProjection: Sendable, Equatable {
  /// For each key head: its query, itself, its values, their gates; then for each its steps, their decays.
  case grouped(LinearSpec, LinearSpec)
  /// All queries, keys, values in one; then gates; steps; decays.
  case separate(LinearSpec, gate: LinearSpec, step: LinearSpec, decay: LinearSpec)

  var linears: [LinearSpec] {
    switch self {
    case .grouped(let rows, let numbers): [rows, numbers]
    case .separate(let rows, let gate, let step, let decay): [rows, gate, step, decay]
    }
  }
}
