// What a decoder-only model is, as a plain value. `config.json` is turned into it once, by the family's file, and from
// then on nothing asks which family it was: the decoder, training, quantization and generation read this value.
// Each block says everything about itself, so a pattern over layers (windows, kinds of feed-forward) needs no rule.

/// A decoder-only model: sizes, options and the names of its weights.
package struct DecoderSpec: Sendable, Equatable {
  /// Token ids are `0 ..< vocabularySize`.
  package var vocabularySize: Int
  /// The width of the residual stream.
  package var hiddenSize: Int
  /// The longest sequence the model was made for, in tokens.
  package var contextLength: Int
  /// The token embedding `[vocabularySize, hiddenSize]`.
  package var embedding: MatrixSpec
  /// The token whose embedding learns nothing from being read, as in transformers; a tied head still trains it.
  package var paddingToken: Int?
  /// A learned vector for each position `[contextLength, hiddenSize]`, added to the embedding.
  package var positions: MatrixSpec?
  /// What embeddings are multiplied by.
  package var embeddingScale: Float = 1
  package var blocks: [BlockSpec]
  package var finalNorm: NormSpec
  /// The matrix that gives the logits; nil when it is the embedding (tied).
  package var head: LinearSpec?
  /// What logits are multiplied by.
  package var logitScale: Float = 1
  /// Then logits x become cap · tanh(x / cap).
  package var logitSoftcap: Float?
  /// What begins the names of all weights but the head's, and is missing in files of the bare model.
  package var prefix = "model."
  /// Endings of tensor names that files of the family carry and the model does not need.
  package var ignoredSuffixes = ["rotary_emb.inv_freq"]
  /// Beginnings of such names.
  package var ignoredPrefixes: [String] = []
}

/// One layer: a mixer and a feed-forward part, each added to the residual stream that it reads.
package struct BlockSpec: Sendable, Equatable {
  /// Of what the mixer reads.
  package var mixerNorm: NormSpec?
  package var mixer: MixerSpec
  /// Of what the mixer adds.
  package var mixerOutputNorm: NormSpec?
  /// Of what the feed-forward part reads.
  package var feedForwardNorm: NormSpec?
  /// Nil where a layer has none.
  package var feedForward: FeedForwardSpec?
  /// Of what the feed-forward part adds.
  package var feedForwardOutputNorm: NormSpec?
  /// Whether both parts read what enters the block (Wang and Komatsuzaki 2021, GPT-J); then the feed-forward part reads
  /// what the mixer reads if it has no norm of its own.
  package var isParallel = false
  /// What both parts are multiplied by when they are added.
  package var residualScale: Float = 1
}

/// A matrix with a name: `[rows, columns]`, stored as `path.weight` in any weight format.
package struct MatrixSpec: Sendable, Equatable {
  /// The module's path, such as `model.layers.0.mlp.up_proj`, spelled as in Hugging Face's modules.
  package var path: String
  package var rows: Int
  package var columns: Int
  /// Whether files hold its floats as `[columns, rows]`, as those of GPT-2 do (`Conv1D` in transformers).
  package var isTransposed: Bool
  /// The tensor in which files may hold it with its likes.
  package var stack: StackPlace?

  package init(
    _ path: String, rows: Int, columns: Int, isTransposed: Bool = false, stack: StackPlace? = nil
  ) {
    self.path = path
    self.rows = rows
    self.columns = columns
    self.isTransposed = isTransposed
    self.stack = stack
  }
}

/// y = x · Wᵀ + b.
package struct LinearSpec: Sendable, Equatable {
  package var matrix: MatrixSpec
  /// Whether there is a `path.bias`.
  package var hasBias: Bool
  /// The tensor in which files may hold the bias with its likes.
  package var biasStack: StackPlace?

  package init(
    _ path: String, from inputs: Int, to outputs: Int, bias: Bool = false, isTransposed: Bool = false
  ) {
    matrix = MatrixSpec(path, rows: outputs, columns: inputs, isTransposed: isTransposed)
    hasBias = bias
  }
}

/// Where a weight lies in a tensor that holds the same weight of all experts, one after another.
package struct StackPlace: Sendable, Equatable {
  /// The name of that tensor.
  package var name: String
  /// Which of its parts the weight is.
  package var index: Int
  /// How many parts it has.
  package var count: Int
  /// Whether transformers' files of the family are so; otherwise only those of other programs may be.
  package var isUsual = true
}
