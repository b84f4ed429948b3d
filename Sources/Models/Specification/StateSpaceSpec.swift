// The mixer of Mamba-2.

/// A selective state space with one decay for each head (Dao and Gu 2024, arXiv:2405.21060, section 7).
///
/// With the input layer's gate, x, B, C and step: x, B and C go through a convolution and SiLU; step becomes
/// clamp(softplus(step + bias)); the state S decays and takes B · (step · x)ᵀ, the output is Sᵀ · C + skip · x; after the
/// gated norm comes the output layer.
package struct StateSpaceSpec: Sendable, Equatable {
  package var heads: Int
  package var headSize: Int
  /// The width of B and C.
  package var stateSize: Int
  /// How many B and C there are; each serves as many heads.
  package var groups: Int
  /// Puts out the gate, x, all B, all C, the steps.
  package var input: LinearSpec
  /// Of x, B and C.
  package var convolution: ConvolutionSpec
  package var decay: DecaySpec
  /// What a step is clamped to.
  package var stepLimits: ClosedRange<Float>
  /// What of x passes by the state, for each head.
  package var skip: ParameterSpec
  package var norm: GatedNormSpec
  package var output: LinearSpec

  /// Of x, and of the gate.
  package var width: Int { heads * headSize }

  var linears: [LinearSpec] { [input, output] }

  var parameters: [ParameterSpec] {
    linears.flatMap(\.parameters) + convolution.parameters + decay.parameters + [skip] + norm.parameters
  }
}

/// A norm of what a gate lets through: norm(x · SiLU(gate)), group by group, times the weight of all.
package struct GatedNormSpec: Sendable, Equatable {
  package var path: String
  package var size: Int
  package var groups: Int
  package var epsilon: Float

  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] {
    [ParameterSpec(name: name, shape: [size], role: .norm(initial: 1))]
  }
}
