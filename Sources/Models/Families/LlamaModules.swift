// The modules that Llama introduced and most families kept, with their names: pre-norm blocks of grouped-query
// attention with rotary positions and a gated feed-forward. A family reads what is its own and lets this build the rest.

import SafeIO
import TensorCore

/// Builds specifications with Llama's modules.
struct LlamaModules {
  let sizes: Sizes
  private let epsilon: Float
  private let rotary: RotarySpec
  private let activation: Activation
  private let isTied: Bool
  private let paddingToken: Int?
  /// Whether the query, key and value projections have a bias.
  var queryKeyValueBias = false
  /// Whether the output projection of attention has a bias.
  var outputBias = false
  /// Whether gate, up and down have biases.
  var feedForwardBias = false
  /// Whether each query and key head is normalized before rotation.
  var normalizesHeads = false
  /// The attention window of each layer.
  var windows: [Int?]

  /// Reads the keys that all these families share.
  ///
  /// - Parameter headSize: the family's default when the file lacks `head_dim`, if it is not hidden / heads.
  init(_ config: ModelConfig, headSize: Int? = nil) throws(Failure) {
    sizes = try config.sizes(headSize: headSize)
    epsilon = try config.positive("rms_norm_eps", default: 1e-6)
    rotary = try config.rotary(dimensions: sizes.headSize, context: sizes.context)
    activation = try config.activation("hidden_act")
    isTied = try config.bool("tie_word_embeddings", default: false)
    paddingToken = try config.paddingToken(vocabulary: sizes.vocabulary)
    windows = Array(repeating: nil, count: sizes.layers)
  }

  var spec: DecoderSpec {
    let vocabulary = sizes.vocabulary
    return DecoderSpec(
      vocabularySize: vocabulary, hiddenSize: sizes.hidden, contextLength: sizes.context,
      embedding: MatrixSpec("model.embed_tokens", rows: vocabulary, columns: sizes.hidden),
      paddingToken: paddingToken,
      blocks: windows.enumerated().map { block("model.layers.\($0)", window: $1) },
      finalNorm: norm("model.norm", sizes.hidden),
      head: isTied ? nil : LinearSpec("lm_head", from: sizes.hidden, to: vocabulary))
  }

  private func block(_ path: String, window: Int?) -> BlockSpec {
    BlockSpec(
      attentionNorm: norm("\(path).input_layernorm", sizes.hidden),
      attention: attention("\(path).self_attn", window: window),
      feedForwardNorm: norm("\(path).post_attention_layernorm", sizes.hidden),
      feedForward: feedForward("\(path).mlp"))
  }

  private func attention(_ path: String, window: Int?) -> AttentionSpec {
    let (hidden, size) = (sizes.hidden, sizes.headSize)
    let (queries, keys) = (sizes.heads * size, sizes.keyValueHeads * size)
    return AttentionSpec(
      heads: sizes.heads, keyValueHeads: sizes.keyValueHeads, headSize: size,
      query: LinearSpec("\(path).q_proj", from: hidden, to: queries, bias: queryKeyValueBias),
      key: LinearSpec("\(path).k_proj", from: hidden, to: keys, bias: queryKeyValueBias),
      value: LinearSpec("\(path).v_proj", from: hidden, to: keys, bias: queryKeyValueBias),
      output: LinearSpec("\(path).o_proj", from: queries, to: hidden, bias: outputBias),
      queryNorm: normalizesHeads ? norm("\(path).q_norm", size) : nil,
      keyNorm: normalizesHeads ? norm("\(path).k_norm", size) : nil,
      rotary: rotary, window: window, scale: 1 / Float(size).squareRoot())
  }

  private func feedForward(_ path: String) -> FeedForwardSpec {
    let (hidden, inner) = (sizes.hidden, sizes.intermediate)
    return .gated(
      activation: activation,
      gate: LinearSpec("\(path).gate_proj", from: hidden, to: inner, bias: feedForwardBias),
      up: LinearSpec("\(path).up_proj", from: hidden, to: inner, bias: feedForwardBias),
      down: LinearSpec("\(path).down_proj", from: inner, to: hidden, bias: feedForwardBias))
  }

  private func norm(_ path: String, _ size: Int) -> NormSpec { .rms(path, size: size, epsilon: epsilon) }
}
