// The sizes that every family of this shape has, under their usual names.

import SafeIO

/// The sizes of a decoder.
struct Sizes {
  let vocabulary: Int
  let context: Int
  let hidden: Int
  let layers: Int
  var intermediate: Int
  let heads: Int
  let keyValueHeads: Int
  let headSize: Int

  /// Far more than any model has, and so few that counts of weights and of their bytes fit an `Int`.
  static let mostWeights = 0x1p48

  /// The weights of all matrices; as a double, since each size alone is plausible and the product need not be.
  var approximateWeights: Double {
    let ofAttention = 2 * Double(heads + keyValueHeads) * Double(headSize)
    let ofBlock = ofAttention + 3 * Double(intermediate)
    return Double(hidden) * (2 * Double(vocabulary) + Double(layers) * ofBlock)
  }
}

/// How a family spells its sizes in config.json.
struct SizeNames {
  var hidden = "hidden_size"
  var layers = "num_hidden_layers"
  var heads = "num_attention_heads"
  var context = "max_position_embeddings"
  var intermediate = "intermediate_size"
  /// Whether the inner width is four times the outer one where the file does not say.
  var quadruplesInner = false
}

extension ModelConfig {
  /// Reads the sizes; older files lack `num_key_value_heads` (= heads) and `head_dim` (= hidden / heads).
  ///
  /// - Parameter headSize: the family's default when the file lacks `head_dim`, if it is not hidden / heads.
  func sizes(headSize: Int?, names: SizeNames = SizeNames()) throws(Failure) -> Sizes {
    let hidden = try count(names.hidden, atMost: 1 << 20)
    let heads = try count(names.heads, atMost: 1 << 16)
    let keyValueHeads = try optionalCount("num_key_value_heads", atMost: 1 << 16) ?? heads
    guard heads % keyValueHeads == 0 else {
      throw complaint(
        "num_key_value_heads", "is \(keyValueHeads), which does not divide the \(heads) attention heads")
    }
    let defaultHeadSize = has("head_dim") ? nil : headSize
    let statedHeadSize = try optionalCount("head_dim", atMost: 1 << 16) ?? defaultHeadSize
    guard statedHeadSize != nil || hidden % heads == 0 else {
      throw complaint(
        names.hidden, "is \(hidden), which the \(heads) attention heads do not divide; head_dim is missing")
    }
    let sizes = Sizes(
      vocabulary: try count("vocab_size"), context: try count(names.context, atMost: 1 << 30),
      hidden: hidden, layers: try count(names.layers, atMost: 1 << 12),
      intermediate: names.quadruplesInner && value(names.intermediate) == nil
        ? 4 * hidden : try count(names.intermediate), heads: heads, keyValueHeads: keyValueHeads,
      headSize: statedHeadSize ?? hidden / heads)
    try check(sizes)
    return sizes
  }

  /// Throws for more weights than any model has.
  func check(_ sizes: Sizes) throws(Failure) {
    guard sizes.approximateWeights <= Sizes.mostWeights else {
      throw complaint(
        "hidden_size", "makes a model of more than 2^48 weights with the other sizes; one of them is wrong")
    }
  }

  /// `pad_token_id`: transformers makes it the embedding's `padding_idx`, which below 0 counts from the end.
  func paddingToken(vocabulary: Int) throws(Failure) -> Int? {
    guard let id = try optionalInt("pad_token_id") else { return nil }
    guard -vocabulary..<vocabulary ~= id else {
      throw complaint("pad_token_id", "is \(id), which the vocabulary of \(vocabulary) does not have")
    }
    return id < 0 ? id + vocabulary : id
  }
}
