// Mamba-2 (Dao and Gu 2024, arXiv:2405.21060; transformers, models/mamba2/configuration_mamba2.py), and Codestral Mamba: a
// state space in each layer and nothing else, so that no length of a text is too much.

import SafeIO
import TensorCore

extension Family {
  static let mamba2 = Family("mamba2") { config throws(Failure) in
    let hidden = try config.count("hidden_size", atMost: 1 << 20)
    let layers = try config.count("num_hidden_layers", atMost: 1 << 12)
    let vocabulary = try config.count("vocab_size")
    let epsilon = try config.positive("layer_norm_epsilon", default: 1e-5)
    let mixers = try MambaModules(config, hidden: hidden)
    guard Double(layers) * mixers.weights(hidden: hidden) <= Sizes.mostWeights else {
      throw config.complaint(
        "state_size", "makes a model of more than 2^48 weights; one of the sizes is wrong")
    }
    // How training began, how kernels cut their work, and what transformers does not heed.
    config.ignore(
      "chunk_size", "intermediate_size", "norm_before_gate", "rescale_prenorm_residual", "residual_in_fp32",
      "rms_norm",
      "time_step_scale")
    func norm(_ path: String) -> NormSpec {
      NormSpec(kind: .rms, path: path, size: hidden, epsilon: epsilon)
    }
    let isTied = try config.bool("tie_word_embeddings", default: false)
    return DecoderSpec(
      vocabularySize: vocabulary, hiddenSize: hidden, contextLength: 1 << 30,
      embedding: MatrixSpec("backbone.embeddings", rows: vocabulary, columns: hidden),
      blocks: (0..<layers).map { layer in
        let path = "backbone.layers.\(layer)"
        return BlockSpec(
          mixerNorm: norm("\(path).norm"),
          mixer: .stateSpace(mixers.spec("\(path).mixer", hidden: hidden, epsilon: epsilon)))
      },
      finalNorm: norm("backbone.norm_f"),
      head: isTied ? nil : LinearSpec("lm_head", from: hidden, to: vocabulary), prefix: "backbone.",
      ignoredSuffixes: [])
  }
}

/// The state spaces of a model, with the names that Mamba-2 gave their parts.
struct MambaModules {
  private let heads: Int
  private let headSize: Int
  private let stateSize: Int
  private let groups: Int
  private let taps: Int
  private let hasConvolutionBias: Bool
  private let hasBias: Bool
  private let stepLimits: ClosedRange<Float>

  /// What files call the sizes, and assume where they are silent.
  struct Dialect {
    var heads = "num_heads"
    var headSize = "head_dim"
    var defaultHeadSize: Int? = 64
    var stateSize = "state_size"
    var defaultStateSize = 128
    var groups = "n_groups"
    var defaultGroups = 8
    var expansion = "expand"
    var taps = "conv_kernel"
    var bias = "use_bias"
    var convolutionBias = "use_conv_bias"

    /// Beside layers that attend; "auto" makes heads of such a size that they fit.
    static let hybrid = Self(
      heads: "mamba_n_heads", headSize: "mamba_d_head", defaultHeadSize: nil, stateSize: "mamba_d_state",
      defaultStateSize: 256, groups: "mamba_n_groups", defaultGroups: 1, expansion: "mamba_expand",
      taps: "mamba_d_conv", bias: "mamba_proj_bias", convolutionBias: "mamba_conv_bias")
  }

  init(_ config: ModelConfig, hidden: Int, _ dialect: Dialect = Dialect()) throws(Failure) {
    heads = try config.optionalCount(dialect.heads, atMost: 1 << 16) ?? 128
    let width = hidden * (try config.optionalCount(dialect.expansion, atMost: 1 << 10) ?? 2)
    let isStated = config.value(dialect.headSize) != nil && config.value(dialect.headSize) != "auto"
    config.ignore(dialect.headSize)
    headSize =
      isStated
      ? try config.count(dialect.headSize, atMost: 1 << 16) : dialect.defaultHeadSize ?? max(1, width / heads)
    guard width == heads * headSize else {
      throw config.complaint(
        dialect.expansion,
        "makes a width of \(width), but \(heads) heads of \(headSize) are \(heads * headSize)")
    }
    stateSize = try config.optionalCount(dialect.stateSize, atMost: 1 << 16) ?? dialect.defaultStateSize
    groups = try config.optionalCount(dialect.groups, atMost: 1 << 16) ?? dialect.defaultGroups
    guard heads % groups == 0 else {
      throw config.complaint(dialect.groups, "is \(groups), which does not divide the \(heads) heads")
    }
    taps = try config.taps(dialect.taps, default: 4)
    hasConvolutionBias = try config.bool(dialect.convolutionBias, default: true)
    hasBias = try config.bool(dialect.bias, default: false)
    stepLimits = try config.stepLimits("time_step_limit")
    guard try config.activation("hidden_act", default: "silu") == .silu else {
      throw config.complaint("hidden_act", "is not silu, which is all that these state spaces have")
    }
  }

  /// Weights of a layer; as a double, since each size alone is plausible and the product need not be.
  func weights(hidden: Int) -> Double {
    let (width, states) = (Double(heads) * Double(headSize), Double(groups) * Double(stateSize))
    return (3 * width + 2 * states + Double(heads)) * Double(hidden) + Double(taps) * (width + 2 * states)
  }

  func spec(_ path: String, hidden: Int, epsilon: Float) -> StateSpaceSpec {
    let width = heads * headSize
    let channels = width + 2 * groups * stateSize
    return StateSpaceSpec(
      heads: heads, headSize: headSize, stateSize: stateSize, groups: groups,
      input: LinearSpec("\(path).in_proj", from: hidden, to: width + channels + heads, bias: hasBias),
      convolution: ConvolutionSpec(
        path: "\(path).conv1d", channels: channels, taps: taps, hasBias: hasConvolutionBias),
      decay: DecaySpec(path, heads: heads), stepLimits: stepLimits,
      skip: ParameterSpec(name: "\(path).D", shape: [heads], role: .perHead(initial: 1)),
      norm: GatedNormSpec(path: "\(path).norm", size: width, groups: groups, epsilon: epsilon),
      output: LinearSpec("\(path).out_proj", from: width, to: hidden, bias: hasBias))
  }
}

extension ModelConfig {
  /// The two numbers that time steps are clamped to; the second may be infinity, which transformers 5 writes as an object.
  fileprivate func stepLimits(_ key: String) throws(Failure) -> ClosedRange<Float> {
    guard let value = value(key) else { return 0 ... .infinity }
    let limits = value.arrayValue?.compactMap { limit -> Double? in
      limit["__float__"]?.stringValue == "Infinity" ? .infinity : limit.doubleValue
    }
    guard let limits, limits.count == 2, value.arrayValue?.count == 2, 0 <= limits[0], limits[0] <= limits[1],
      limits[0].isFinite
    else {
      throw complaint(key, "must be a list of two numbers, none below 0, the second not below the first")
    }
    return Float(limits[0])...Float(limits[1])
  }
}
