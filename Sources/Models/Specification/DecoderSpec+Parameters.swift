// The weights that a specification implies, listed once: loading, training, quantization, counting and random
// initialization all read this list.

import TensorCore
import WeightFiles

/// A weight that a model needs.
package struct ParameterSpec: Sendable, Equatable {
  package enum Role: Sendable, Equatable {
    /// The weight of a linear layer, the embedding or the head; may be stored quantized.
    case matrix
    case bias
    /// The taps of a convolution; start like a matrix.
    case filter
    /// Of a normalization, with the value that training starts from.
    case norm(initial: Float)
    /// A number for each head, with the value that training starts from.
    case perHead(initial: Float)
  }

  /// The name in the weight file.
  package var name: String
  package var shape: [Int]
  package var role: Role
  /// Whether files hold its floats with rows and columns exchanged.
  package var isTransposed = false
  /// The tensor in which files may hold it with its likes.
  package var stack: StackPlace?

  /// The shape of its floats in files.
  package var storedShape: [Int] { isTransposed ? shape.reversed() : shape }

  /// Where files of transformers hold it, as floats.
  package func stored(as dtype: DType) -> StoredTensor {
    guard let stack, stack.isUsual else { return StoredTensor(name: name, dtype: dtype, shape: storedShape) }
    return StoredTensor(
      name: stack.name, dtype: dtype, shape: storedShape, part: .init(index: stack.index, count: stack.count))
  }

  package var count: Int { shape.reduce(1, *) }
}

extension DecoderSpec {
  /// Every weight in the order of use: embedding, blocks, final norm, head.
  package var parameters: [ParameterSpec] {
    var list = embedding.parameters + (positions?.parameters ?? [])
    for block in blocks { list += block.parameters }
    list += finalNorm.parameters
    if let head { list += head.parameters }
    return list
  }

  /// The matrices that may be stored quantized, in the order of use.
  package var matrices: [MatrixSpec] {
    [embedding] + (positions.map { [$0] } ?? []) + blocks.flatMap { $0.linears.map(\.matrix) }
      + (head.map { [$0.matrix] } ?? [])
  }

  /// Number of weights; tied ones count once.
  package var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

extension BlockSpec {
  /// The linear layers in the order of Hugging Face's modules.
  package var linears: [LinearSpec] { mixer.linears + (feedForward?.linears ?? []) }

  /// Those that may have an adapter: to PEFT, matrices that lie in one tensor are no layers.
  package var adaptableLinears: [LinearSpec] { linears.filter(\.isAdaptable) }

  var parameters: [ParameterSpec] {
    func all(_ norms: NormSpec?...) -> [ParameterSpec] { norms.flatMap { $0?.parameters ?? [] } }
    return all(mixerNorm) + mixer.parameters + all(mixerOutputNorm, feedForwardNorm)
      + (feedForward?.parameters ?? []) + all(feedForwardOutputNorm)
  }
}

extension AttentionSpec {
  var linears: [LinearSpec] { projection.linears + [output] }

  var parameters: [ParameterSpec] {
    let norms = projection.norms + [queryNorm, keyNorm].compactMap { $0 }
    return linears.flatMap(\.parameters) + norms.flatMap(\.parameters) + (sinks.map { [$0] } ?? [])
  }
}

extension FeedForwardSpec {
  var parameters: [ParameterSpec] {
    switch self {
    case .plain, .gated, .fusedGated: linears.flatMap(\.parameters)
    case .experts(let experts): experts.parameters
    }
  }

  var linears: [LinearSpec] {
    switch self {
    case .plain(_, let up, let down): [up, down]
    case .gated(_, let gate, let up, let down): [gate, up, down]
    case .fusedGated(_, let gateAndUp, _, let down): [gateAndUp, down]
    case .experts(let experts): experts.linears
    }
  }
}

extension MatrixSpec {
  package var name: String { "\(path).weight" }

  var parameters: [ParameterSpec] {
    [
      ParameterSpec(
        name: name, shape: [rows, columns], role: .matrix, isTransposed: isTransposed, stack: stack)
    ]
  }
}

extension LinearSpec {
  package var path: String { matrix.path }

  /// Whether transformers has it as a layer of its own.
  var isAdaptable: Bool { matrix.stack?.isUsual != true }

  var parameters: [ParameterSpec] {
    let bias = ParameterSpec(name: "\(path).bias", shape: [matrix.rows], role: .bias, stack: biasStack)
    return matrix.parameters + (hasBias ? [bias] : [])
  }
}
