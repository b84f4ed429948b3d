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
    /// Of the norms of heads.
    var queryNorm = "q_norm"
    var keyNorm = "k_norm"
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
    case fusedGated(gateAndUp: String, down: String, order: FusedGateOrder = .halves)
    case plain(up: String, down: String)
  }

  /// The routed experts of a layer.
  struct Experts {
    var router = "gate"
    var routerBias = false
    /// Of a number for each expert that is added to its score where experts are chosen.
    var correction: String?
    var count: Int
    var routing: RoutingSpec
    /// The inner width of each.
    var width: Int
    var unit: GatedUnit?
    var names = FeedForwardNames.gated(gate: "gate_proj", up: "up_proj", down: "down_proj")
    /// How one tensor holds the same matrix of all experts, if files have it so.
    var stacking: Stacking?
    /// The expert for all rows: its name, its inner width, and whether a score weighs it.
    var shared: (name: String, width: Int, isScored: Bool)?

    init(count: Int, chosen: Int, width: Int, isNormalized: Bool) {
      self.count = count
      self.width = width
      routing = RoutingSpec(chosen: chosen, isNormalized: isNormalized)
    }
  }

  /// How one tensor holds the same matrix of all experts.
  struct Stacking {
    /// What stands between the feed-forward part's path and the matrix' name.
    var path = "experts."
    /// What ends the name of matrices.
    var weight = ""
    /// What ends the name of biases; nil where there are none.
    var bias: String?
    var isTransposed = false
    /// Whether transformers' files are so.
    var isUsual = true

    /// That of mlx-lm, for families that have a tensor for each expert elsewhere.
    static let mlx = Stacking(path: "switch_mlp.", weight: ".weight", isUsual: false)
  }

  /// The sizes of latent attention.
  struct Latent {
    /// The width of the vector that queries come from, if they come from one.
    var queryWidth: Int?
    /// The width of the vector that keys and values come from.
    var keyValueWidth: Int
    /// Dimensions of queries and keys that are not rotated.
    var fixedSize: Int
    var rotatedSize: Int
    var valueSize: Int
  }

  /// What queries and keys are normalized by.
  enum HeadNorm {
    case none
    /// Each head, all with one weight.
    case each
    /// Each head with a weight of its own, and without bias.
    case own(NormSpec.HeadWeights)
    /// All heads of a row together.
    case together
  }

  var sizes: Sizes
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
  /// Whether scores are also divided by the number of the layer, from 1.
  var dividesScaleByLayer = false
  var attentionSoftcap: Float?
  /// Whether the query, key and value projections have a bias.
  var queryKeyValueBias = false
  /// Whether the output projection of attention has a bias.
  var outputBias = false
  /// The one layer that makes queries, keys and values, if they have not a layer each.
  var fusedProjection: (name: String, layout: FusedLayout)?
  /// Where queries, keys and values come from small vectors.
  var latent: Latent?
  /// Of one more score of each head.
  var sinks: String?
  /// Whether the query projection puts out a gate of attention's output as well.
  var hasOutputGate = false
  /// What mixes rows in the place of attention, made from the layer's path; nil where a layer attends.
  var mixers: [((String) -> MixerSpec)?]
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
  var ignoredPrefixes: [String] = []
  /// Whether the embedding serves as the head.
  var isTied: Bool
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
    /// How positions are stretched, if the file says nothing of rotation.
    var ropeScaling: JSONObject?
    /// Keys of the rotation that change nothing.
    var ignoredRotaryKeys: [String] = []
  }

  /// Reads the keys that all these families share.
  init(_ config: ModelConfig, _ dialect: Dialect = Dialect()) throws(Failure) {
    sizes = try config.sizes(headSize: dialect.headSize, names: dialect.sizes)
    norm = NormSpec(
      kind: .rms, path: "", size: sizes.hidden,
      epsilon: try config.positive(dialect.epsilon, default: dialect.defaultEpsilon))
    let rotary = try config.rotary(
      headSize: sizes.headSize, fraction: dialect.rotaryFraction, context: sizes.context,
      base: dialect.ropeBase, scaling: dialect.ropeScaling, ignoring: dialect.ignoredRotaryKeys)
    rotaries = Array(repeating: rotary, count: sizes.layers)
    windows = Array(repeating: nil, count: sizes.layers)
    mixers = Array(repeating: nil, count: sizes.layers)
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
      logitScale: logitScale, logitSoftcap: logitSoftcap, prefix: prefix, ignoredSuffixes: ignoredSuffixes,
      ignoredPrefixes: ignoredPrefixes)
  }

  /// Gives layers experts, or all layers.
  ///
  /// - Throws: `Failure.badData` for more experts, or more weights in them, than any model has.
  mutating func setExperts(_ experts: Experts, in layers: [Int]? = nil, _ config: ModelConfig) throws(Failure)
  {
    let layers = layers ?? Array(0..<sizes.layers)
    let count = experts.count * layers.count
    let width =
      Double(experts.width) * Double(count) + Double(experts.shared?.width ?? 0) * Double(layers.count)
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
      mixerNorm: norm(blockNorms.attention),
      mixer: mixers[layer].map { $0(path) } ?? .attention(attention("\(path).\(names.attention)", layer)),
      mixerOutputNorm: norm(blockNorms.attentionOutput), feedForwardNorm: norm(blockNorms.feedForward),
      feedForward: feedForward("\(path).\(names.feedForward)", layer),
      feedForwardOutputNorm: norm(blockNorms.feedForwardOutput),
      isParallel: isParallel, residualScale: residualScale)
  }

  private func attention(_ path: String, _ layer: Int) -> AttentionSpec {
    let (hidden, size) = (sizes.hidden, sizes.headSize)
    let (queries, keys) = (sizes.heads * size, sizes.keyValueHeads * size)
    func headNorm(_ name: String, together width: Int) -> NormSpec? {
      switch self.headNorm {
      case .none: return nil
      case .each: return norm("\(path).\(name)", size)
      case .own(let weights):
        var norm = norm("\(path).\(name)", size)
        norm.hasBias = false
        norm.heads = NormSpec.Heads(count: width / size, weights: weights)
        return norm
      case .together: return norm("\(path).\(name)", width)
      }
    }
    return AttentionSpec(
      heads: sizes.heads, keyValueHeads: latent == nil ? sizes.keyValueHeads : sizes.heads,
      headSize: latent.map { max($0.fixedSize + $0.rotatedSize, $0.valueSize) } ?? size,
      valueSize: latent?.valueSize,
      projection: latent.map { .latent(latentProjection(path, $0)) }
        ?? projection(path, queries: queries, keys: keys),
      output: LinearSpec(
        "\(path).\(names.attentionOutput)", from: latent.map { sizes.heads * $0.valueSize } ?? queries,
        to: hidden, bias: outputBias, isTransposed: isTransposed),
      queryNorm: headNorm(names.queryNorm, together: queries),
      keyNorm: headNorm(names.keyNorm, together: keys),
      clip: clip, rotary: rotaries[layer], window: windows[layer],
      scale: dividesScaleByLayer ? scale / Float(layer + 1) : scale, softcap: attentionSoftcap,
      sinks: sinks.map { ParameterSpec(name: "\(path).\($0)", shape: [sizes.heads], role: .bias) },
      hasOutputGate: hasOutputGate)
  }

  private func latentProjection(_ path: String, _ latent: Latent) -> LatentSpec {
    // transformers gives these norms their default epsilon, whatever that of the others is.
    func latentNorm(_ name: String, _ size: Int) -> NormSpec {
      NormSpec(kind: .rms, path: "\(path).\(name)", size: size, epsilon: 1e-6)
    }
    let queries = sizes.heads * (latent.fixedSize + latent.rotatedSize)
    let width = latent.keyValueWidth
    return LatentSpec(
      queryDown: latent.queryWidth.map {
        LatentSpec.Down(
          linear: LinearSpec("\(path).q_a_proj", from: sizes.hidden, to: $0, bias: queryKeyValueBias),
          norm: latentNorm("q_a_layernorm", $0))
      },
      query: latent.queryWidth.map { LinearSpec("\(path).q_b_proj", from: $0, to: queries) }
        ?? LinearSpec("\(path).q_proj", from: sizes.hidden, to: queries),
      keyValueDown: LinearSpec(
        "\(path).kv_a_proj_with_mqa", from: sizes.hidden, to: width + latent.rotatedSize,
        bias: queryKeyValueBias),
      keyValueNorm: latentNorm("kv_a_layernorm", width),
      keyValue: LinearSpec(
        "\(path).kv_b_proj", from: width, to: sizes.heads * (latent.fixedSize + latent.valueSize)),
      rotatedSize: latent.rotatedSize, fixedSize: latent.fixedSize, valueSize: latent.valueSize)
  }

  private func projection(_ path: String, queries: Int, keys: Int) -> ProjectionSpec {
    func linear(_ name: String, _ outputs: Int) -> LinearSpec {
      LinearSpec(
        "\(path).\(name)", from: sizes.hidden, to: outputs, bias: queryKeyValueBias,
        isTransposed: isTransposed)
    }
    if let (name, layout) = fusedProjection { return .fused(linear(name, queries + 2 * keys), layout) }
    return .separate(
      query: linear("q_proj", hasOutputGate ? 2 * queries : queries), key: linear("k_proj", keys),
      value: linear("v_proj", keys))
  }

  private func feedForward(_ path: String, _ layer: Int) -> FeedForwardSpec {
    guard let experts = experts[layer] else {
      return feedForward(path, feedForwardNames, sizes.intermediate, .activation(activation))
    }
    let unit = experts.unit ?? .activation(activation)
    var routing = experts.routing
    routing.correction = experts.correction.map {
      ParameterSpec(name: "\(path).\($0)", shape: [experts.count], role: .bias)
    }
    let shared = experts.shared.map {
      feedForward("\(path).\($0.name)", experts.names, $0.width, .activation(activation))
    }
    let hasScore = experts.shared?.isScored == true
    return .experts(
      ExpertsSpec(
        router: LinearSpec(
          "\(path).\(experts.router)", from: sizes.hidden, to: experts.count, bias: experts.routerBias),
        experts: (0..<experts.count).map { index in
          feedForward("\(path).experts.\(index)", experts.names, experts.width, unit) { linear, role in
            let stacking = experts.stacking ?? .mlx
            return stacking.applied(to: linear, role, index: index, of: experts.count, in: path)
          }
        },
        routing: routing, shared: shared,
        sharedGate: hasScore ? LinearSpec("\(path).shared_expert_gate", from: sizes.hidden, to: 1) : nil))
  }

  /// - Parameter place: says of each layer, which is told by Llama's name for it, where files hold it.
  private func feedForward(
    _ path: String, _ names: FeedForwardNames, _ inner: Int, _ unit: GatedUnit,
    place: (LinearSpec, _ role: String) -> LinearSpec = { linear, _ in linear }
  ) -> FeedForwardSpec {
    func linear(_ name: String, _ role: String, from inputs: Int, to outputs: Int) -> LinearSpec {
      place(
        LinearSpec(
          "\(path).\(name)", from: inputs, to: outputs, bias: feedForwardBias, isTransposed: isTransposed),
        role)
    }
    func wide(_ name: String, _ role: String, times count: Int = 1) -> LinearSpec {
      linear(name, role, from: sizes.hidden, to: count * inner)
    }
    func narrow(_ name: String) -> LinearSpec { linear(name, "down_proj", from: inner, to: sizes.hidden) }
    switch names {
    case .gated(let gate, let up, let down):
      return .gated(
        unit: unit, gate: wide(gate, "gate_proj"), up: wide(up, "up_proj"), down: narrow(down))
    case .fusedGated(let both, let down, let order):
      return .fusedGated(
        unit: unit, gateAndUp: wide(both, "gate_up_proj", times: 2), order: order, down: narrow(down))
    case .plain(let up, let down):
      return .plain(activation: activation, up: wide(up, "up_proj"), down: narrow(down))
    }
  }

  private func norm(_ path: String, _ size: Int) -> NormSpec {
    var norm = norm
    (norm.path, norm.size) = (path, size)
    return norm
  }
}

extension LlamaModules.Stacking {
  /// The layer of one expert, as a part of what all have.
  fileprivate func applied(
    to linear: LinearSpec, _ role: String, index: Int, of count: Int, in path: String
  ) -> LinearSpec {
    var linear = linear
    let own = linear.path.split(separator: ".").last.map(String.init) ?? ""
    let name = "\(path).\(self.path)\(isUsual ? own : role)"
    func place(_ ending: String) -> StackPlace {
      StackPlace(name: name + ending, index: index, count: count, isUsual: isUsual)
    }
    linear.matrix.stack = place(weight)
    if isUsual { linear.matrix.isTransposed = isTransposed }
    if let bias {
      linear.hasBias = true
      linear.biasStack = place(bias)
    }
    return linear
  }
}
