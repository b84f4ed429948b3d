// The modules that Llama introduced and most families kept, with their names: blocks of grouped-query attention with
// rotary positions and a feed-forward part. A family reads what is its own, changes what differs, and lets this build the
// rest.

import SafeIO
import TensorCore

/// Builds specifications with Llama's modules.
struct LlamaModules {
  /// The names of modules.
  struct Names {
    var prefix = "model."
    var embedding = "embed_tokens"
    /// Of a learned vector for each position.
    var positions: String?
    var layers = "layers"
    var attention = "self_attn"
    var attentionOutput = "o_proj"
    var feedForward = "mlp"
    var finalNorm = "norm"
    var head = "lm_head"
  }

  /// The names of a block's norms; nil where there is none.
  struct BlockNorms {
    var attention: String? = "input_layernorm"
    var attentionOutput: String?
    var feedForward: String? = "post_attention_layernorm"
    var feedForwardOutput: String?
  }

  /// The names of the feed-forward part's layers.
  enum FeedForwardNames {
    case gated(gate: String, up: String, down: String)
    case fusedGated(gateAndUp: String, down: String)
    case plain(up: String, down: String)
  }

  /// The routed experts of a layer.
  struct Experts {
    var router = "gate"
    var count: Int
    /// How many a row goes through.
    var chosen: Int
    /// The inner width of each.
    var width: Int
    var isNormalized: Bool
    var names = FeedForwardNames.gated(gate: "gate_proj", up: "up_proj", down: "down_proj")
    /// The inner width of the expert for all rows.
    var sharedWidth: Int?
  }

  /// What queries and keys are normalized by.
  enum HeadNorm {
    case none
    /// Each head, all with one weight.
    case each
    /// All heads of a row together.
    case together
  }

  let sizes: Sizes
  /// The norm of each place, with a path and a size of its own.
  var norm: NormSpec
  var names = Names()
  var blockNorms = BlockNorms()
  var headNorm = HeadNorm.none
  /// How each layer rotates; nil where it does not.
  var rotaries: [RotarySpec?]
  /// The attention window of each layer.
  var windows: [Int?]
  /// What queries, keys and values are clamped to.
  var clip: Float?
  /// What attention scores are multiplied by.
  var scale: Float
  var attentionSoftcap: Float?
  /// Whether the query, key and value projections have a bias.
  var queryKeyValueBias = false
  /// Whether the output projection of attention has a bias.
  var outputBias = false
  /// The one layer that makes queries, keys and values, if they have not a layer each.
  var fusedProjection: (name: String, layout: FusedLayout)?
  var activation: Activation
  var feedForwardNames = FeedForwardNames.gated(gate: "gate_proj", up: "up_proj", down: "down_proj")
  /// What stands in the place of a layer's feed-forward part.
  private(set) var experts: [Experts?]
  /// Whether the feed-forward part has biases.
  var feedForwardBias = false
  var isParallel = false
  var residualScale: Float = 1
  var embeddingScale: Float = 1
  var logitScale: Float = 1
  var logitSoftcap: Float?
  var headBias = false
  /// Whether files hold the blocks' matrices as `[inputs, outputs]`.
  var isTransposed = false
  var ignoredSuffixes = ["rotary_emb.inv_freq"]
  private let isTied: Bool
  private let paddingToken: Int?

  /// What families call the same things differently, and assume where a file is silent.
  struct Dialect {
    /// The default when the file lacks `head_dim`, if it is not hidden / heads.
    var headSize: Int?
    var epsilon = "rms_norm_eps"
    var defaultEpsilon = 1e-6
    var activation = "hidden_act"
    var defaultActivation: String?
    var isTied = false
    /// The share of each head that is rotated, if the file does not say; nil where a family always rotates all of it.
    var rotaryFraction: Double?
    var sizes = SizeNames()
    var ropeBase: Double = 10_000
  }

  /// Reads the keys that all these families share.
  init(_ config: ModelConfig, _ dialect: Dialect = Dialect()) throws(Failure) {
    sizes = try config.sizes(headSize: dialect.headSize, names: dialect.sizes)
    norm = NormSpec(
      kind: .rms, path: "", size: sizes.hidden,
      epsilon: try config.positive(dialect.epsilon, default: dialect.defaultEpsilon))
    let rotary = try config.rotary(
      headSize: sizes.headSize, fraction: dialect.rotaryFraction, context: sizes.context,
      base: dialect.ropeBase)
    rotaries = Array(repeating: rotary, count: sizes.layers)
    windows = Array(repeating: nil, count: sizes.layers)
    experts = Array(repeating: nil, count: sizes.layers)
    scale = 1 / Float(sizes.headSize).squareRoot()
    activation = try config.activation(dialect.activation, default: dialect.defaultActivation)
    isTied = try config.bool("tie_word_embeddings", default: dialect.isTied)
    paddingToken = try config.paddingToken(vocabulary: sizes.vocabulary)
  }

  var spec: DecoderSpec {
    let vocabulary = sizes.vocabulary
    let prefix = names.prefix
    return DecoderSpec(
      vocabularySize: vocabulary, hiddenSize: sizes.hidden, contextLength: sizes.context,
      embedding: MatrixSpec(prefix + names.embedding, rows: vocabulary, columns: sizes.hidden),
      paddingToken: paddingToken,
      positions: names.positions.map {
        MatrixSpec(prefix + $0, rows: sizes.context, columns: sizes.hidden)
      },
      embeddingScale: embeddingScale,
      blocks: (0..<sizes.layers).map { block($0) },
      finalNorm: norm(prefix + names.finalNorm, sizes.hidden),
      head: isTied ? nil : LinearSpec(names.head, from: sizes.hidden, to: vocabulary, bias: headBias),
      logitScale: logitScale, logitSoftcap: logitSoftcap, prefix: prefix, ignoredSuffixes: ignoredSuffixes)
  }

  /// Gives a layer experts, or all layers.
  ///
  /// - Throws: `Failure.badData` for more experts, or more weights in them, than any model has.
  mutating func setExperts(_ experts: Experts, in layers: [Int]? = nil, _ config: ModelConfig) throws(Failure)
  {
    let layers = layers ?? Array(0..<sizes.layers)
    let count = experts.count * layers.count
    let width =
      Double(experts.width) * Double(count) + Double(experts.sharedWidth ?? 0) * Double(layers.count)
    guard count <= 1 << 16, 3 * width * Double(sizes.hidden) <= Sizes.mostWeights else {
      throw config.complaint(
        "num_experts_per_tok", "belongs to \(count) experts with more weights than any model has")
    }
    for layer in layers { self.experts[layer] = experts }
  }

  private func block(_ layer: Int) -> BlockSpec {
    let path = "\(names.prefix)\(names.layers).\(layer)"
    func norm(_ name: String?) -> NormSpec? { name.map { self.norm("\(path).\($0)", sizes.hidden) } }
    return BlockSpec(
      attentionNorm: norm(blockNorms.attention), attention: attention("\(path).\(names.attention)", layer),
      attentionOutputNorm: norm(blockNorms.attentionOutput), feedForwardNorm: norm(blockNorms.feedForward),
      feedForward: feedForward("\(path).\(names.feedForward)", layer),
      feedForwardOutputNorm: norm(blockNorms.feedForwardOutput),
      isParallel: isParallel, residualScale: residualScale)
  }

  private func attention(_ path: String, _ layer: Int) -> AttentionSpec {
    let (hidden, size) = (sizes.hidden, sizes.headSize)
    let (queries, keys) = (sizes.heads * size, sizes.keyValueHeads * size)
    func headNorm(_ name: String, together width: Int) -> NormSpec? {
      switch self.headNorm {
      case .none: nil
      case .each: norm("\(path).\(name)", size)
      case .together: norm("\(path).\(name)", width)
      }
    }
    return AttentionSpec(
      heads: sizes.heads, keyValueHeads: sizes.keyValueHeads, headSize: size,
      projection: projection(path, queries: queries, keys: keys),
      output: LinearSpec(
        "\(path).\(names.attentionOutput)", from: queries, to: hidden, bias: outputBias,
        isTransposed: isTransposed),
      queryNorm: headNorm("q_norm", together: queries), keyNorm: headNorm("k_norm", together: keys),
      clip: clip, rotary: rotaries[layer], window: windows[layer], scale: scale, softcap: attentionSoftcap)
  }

  private func projection(_ path: String, queries: Int, keys: Int) -> ProjectionSpec {
    func linear(_ name: String, _ outputs: Int) -> LinearSpec {
      LinearSpec(
        "\(path).\(name)", from: sizes.hidden, to: outputs, bias: queryKeyValueBias,
        isTransposed: isTransposed)
    }
    if let (name, layout) = fusedProjection { return .fused(linear(name, queries + 2 * keys), layout) }
    return .separate(
      query: linear("q_proj", queries), key: linear("k_proj", keys), value: linear("v_proj", keys))
  }

  private func feedForward(_ path: String, _ layer: Int) -> FeedForwardSpec {
    guard let experts = experts[layer] else { return feedForward(path, feedForwardNames, sizes.intermediate) }
    let shared = experts.sharedWidth.map { feedForward("\(path).shared_expert", experts.names, $0) }
    return .experts(
      ExpertsSpec(
        router: LinearSpec("\(path).\(experts.router)", from: sizes.hidden, to: experts.count),
        experts: (0..<experts.count).map {
          feedForward("\(path).experts.\($0)", experts.names, experts.width)
        },
        chosen: experts.chosen, isNormalized: experts.isNormalized, shared: shared,
        sharedGate: shared.map { _ in LinearSpec("\(path).shared_expert_gate", from: sizes.hidden, to: 1) }))
  }

  private func feedForward(_ path: String, _ names: FeedForwardNames, _ inner: Int) -> FeedForwardSpec {
    func wide(_ name: String, times count: Int = 1) -> LinearSpec {
      LinearSpec(
        "\(path).\(name)", from: sizes.hidden, to: count * inner, bias: feedForwardBias,
        isTransposed: isTransposed)
    }
    func narrow(_ name: String) -> LinearSpec {
      LinearSpec(
        "\(path).\(name)", from: inner, to: sizes.hidden, bias: feedForwardBias, isTransposed: isTransposed)
    }
    switch names {
    case .gated(let gate, let up, let down):
      return .gated(activation: activation, gate: wide(gate), up: wide(up), down: narrow(down))
    case .fusedGated(let gateAndUp, let down):
      return .fusedGated(activation: activation, gateAndUp: wide(gateAndUp, times: 2), down: narrow(down))
    case .plain(let up, let down):
      return .plain(activation: activation, up: wide(up), down: narrow(down))
    }
  }

  private func norm(_ path: String, _ size: Int) -> NormSpec {
    var norm = norm
    (norm.path, norm.size) = (path, size)
    return norm
  }
}
