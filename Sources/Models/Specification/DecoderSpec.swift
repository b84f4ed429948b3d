// What a decoder-only model is, as a plain value. `config.json` is turned into it once, by the family's file, and from
// then on nothing asks which family it was: the decoder, training, quantization and generation read this value.
// Each block says everything about itself, so a pattern over layers (windows, kinds of feed-forward) needs no rule.

/// A decoder-only transformer: sizes, options and the names of its weights.
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
  package var blocks: [BlockSpec]
  package var finalNorm: NormSpec
  /// The matrix that gives the logits; nil when it is the embedding (tied).
  package var head: LinearSpec?
  /// Endings of tensor names that files of the family carry and the model does not need.
  package var ignoredSuffixes = ["rotary_emb.inv_freq"]
}

/// One layer: attention, then feed-forward, each on the normalized stream and added to it.
package struct BlockSpec: Sendable, Equatable {
  package var attentionNorm: NormSpec
  package var attention: AttentionSpec
  package var feedForwardNorm: NormSpec
  package var feedForward: FeedForwardSpec
}

/// A matrix with a name: `[rows, columns]`, stored as `path.weight` in any weight format.
package struct MatrixSpec: Sendable, Equatable {
  /// The module's path, such as `model.layers.0.mlp.up_proj`, spelled as in Hugging Face's modules.
  package var path: String
  package var rows: Int
  package var columns: Int

  package init(_ path: String, rows: Int, columns: Int) {
    self.path = path
    self.rows = rows
    self.columns = columns
  }
}

/// y = x · Wᵀ + b.
package struct LinearSpec: Sendable, Equatable {
  package var matrix: MatrixSpec
  /// Whether there is a `path.bias`.
  package var hasBias: Bool

  package init(_ path: String, from inputs: Int, to outputs: Int, bias: Bool = false) {
    matrix = MatrixSpec(path, rows: outputs, columns: inputs)
    hasBias = bias
  }
}

/// A normalization of the last axis with a learned weight, stored as `path.weight`.
package struct NormSpec: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// x / sqrt(mean(x²) + epsilon) · weight (Zhang and Sennrich 2019, arXiv:1910.07467).
    case rms
  }

  package var kind: Kind
  package var path: String
  package var size: Int
  package var epsilon: Float

  package static func rms(_ path: String, size: Int, epsilon: Float) -> NormSpec {
    NormSpec(kind: .rms, path: path, size: size, epsilon: epsilon)
  }
}
