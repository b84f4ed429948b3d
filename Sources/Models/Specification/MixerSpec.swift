// What mixes the rows of a document in a block. Attention reads all earlier rows; the others keep something of fixed size
// instead: a few rows, and a memory. A new kind is a case here, a file beside this one and a file in Decoder/.

/// The part of a block in which the rows of a document see each other.
package enum MixerSpec: Sendable, Equatable {
  case attention(AttentionSpec)
  case shortConvolution(ShortConvolutionSpec)
  case stateSpace(StateSpaceSpec)
  case deltaNet(DeltaNetSpec)

  /// The linear layers in the order of Hugging Face's modules.
  var linears: [LinearSpec] {
    switch self {
    case .attention(let spec): spec.linears
    case .shortConvolution(let spec): spec.linears
    case .stateSpace(let spec): spec.linears
    case .deltaNet(let spec): spec.linears
    }
  }

  var parameters: [ParameterSpec] {
    switch self {
    case .attention(let spec): spec.parameters
    case .shortConvolution(let spec): spec.parameters
    case .stateSpace(let spec): spec.parameters
    case .deltaNet(let spec): spec.parameters
    }
  }
}

extension BlockSpec {
  /// How the block attends; nil where something else mixes rows.
  package var attention: AttentionSpec? {
    if case .attention(let spec) = mixer { spec } else { nil }
  }
}

/// A causal convolution of each channel over rows: `path.weight` `[channels, 1, taps]`, and `path.bias`.
package struct ConvolutionSpec: Sendable, Equatable {
  package var path: String
  package var channels: Int
  /// How many rows it reaches, its own included.
  package var taps: Int
  package var hasBias: Bool

  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] {
    let weight = ParameterSpec(name: name, shape: [channels, 1, taps], role: .filter)
    let bias = ParameterSpec(name: "\(path).bias", shape: [channels], role: .bias)
    return [weight] + (hasBias ? [bias] : [])
  }
}

/// How fast the memory of each head decays: of row r it keeps e^(−e^rate · step(r)).
package struct DecaySpec: Sendable, Equatable {
  /// The logarithm of each head's rate.
  package var rate: ParameterSpec
  /// What is added to the step before softplus.
  package var stepBias: ParameterSpec

  /// With the names that Mamba gave them.
  package init(_ path: String, heads: Int) {
    rate = ParameterSpec(name: "\(path).A_log", shape: [heads], role: .perHead(initial: 1))
    stepBias = ParameterSpec(name: "\(path).dt_bias", shape: [heads], role: .perHead(initial: 1))
  }

  var parameters: [ParameterSpec] { [rate, stepBias] }
}
