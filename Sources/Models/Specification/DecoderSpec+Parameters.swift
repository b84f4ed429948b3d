// The weights that a specification implies, listed once: loading, training, quantization, counting and random
// initialization all read this list.

/// A weight that a model needs.
package struct ParameterSpec: Sendable, Equatable {
  package enum Role: Sendable {
    /// The weight of a linear layer, the embedding or the head; may be stored quantized.
    case matrix
    case bias
    case norm
  }

  /// The name in the weight file.
  package var name: String
  package var shape: [Int]
  package var role: Role

  package var count: Int { shape.reduce(1, *) }
}

extension DecoderSpec {
  /// Every weight in the order of use: embedding, blocks, final norm, head.
  package var parameters: [ParameterSpec] {
    var list = embedding.parameters
    for block in blocks { list += block.parameters }
    list += finalNorm.parameters
    if let head { list += head.parameters }
    return list
  }

  /// The matrices that may be stored quantized, in the order of use.
  package var matrices: [MatrixSpec] {
    [embedding] + blocks.flatMap { $0.linears.map(\.matrix) } + (head.map { [$0.matrix] } ?? [])
  }

  /// Number of weights; tied ones count once.
  package var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

extension BlockSpec {
  /// The linear layers in the order of Hugging Face's modules.
  package var linears: [LinearSpec] { attention.linears + feedForward.linears }

  var parameters: [ParameterSpec] {
    let headNorms = [attention.queryNorm, attention.keyNorm].compactMap { $0 }
    return attentionNorm.parameters + attention.linears.flatMap(\.parameters)
      + headNorms.flatMap(\.parameters)
      + feedForwardNorm.parameters + feedForward.linears.flatMap(\.parameters)
  }
}

extension AttentionSpec {
  var linears: [LinearSpec] { [query, key, value, output] }
}

extension FeedForwardSpec {
  var linears: [LinearSpec] {
    switch self {
    case .gated(_, let gate, let up, let down): [gate, up, down]
    }
  }
}

extension MatrixSpec {
  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] { [ParameterSpec(name: name, shape: [rows, columns], role: .matrix)] }
}

extension LinearSpec {
  package var path: String { matrix.path }

  var parameters: [ParameterSpec] {
    let bias = ParameterSpec(name: "\(path).bias", shape: [matrix.rows], role: .bias)
    return matrix.parameters + (hasBias ? [bias] : [])
  }
}

extension NormSpec {
  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] { [ParameterSpec(name: name, shape: [size], role: .norm)] }
}
