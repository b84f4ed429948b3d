// Gives the decoder each weight in whatever form it is stored; `storedParameters` has found and checked all of them
// before. A new stored form becomes a matrix here and nowhere else.

import SafeIO
import TensorCore
import WeightFiles

/// Loads the weights of one model.
struct WeightLoader {
  private let model: ModelDirectory
  private let stored: [String: StoredParameter]
  private let arithmetic: Arithmetic

  /// - Throws: `Failure.badData` when the weights are not those that config.json calls for.
  init(_ model: ModelDirectory, _ arithmetic: Arithmetic) throws(Failure) {
    self.model = model
    self.arithmetic = arithmetic
    stored = Dictionary(try model.storedParameters().map { ($0.parameter.name, $0) }) { first, _ in first }
  }

  /// A vector as f32.
  func vector(_ name: String) throws(Failure) -> Weight {
    guard let tensor = stored[name]?.tensors.first else {
      preconditionFailure("'\(name)' is a vector of the specification, but none of its parameters")
    }
    return Weight(name: name, .tensor(try model.weights.tensor(tensor).cast(to: .f32)))
  }

  /// A matrix in its stored form.
  func matrix(_ spec: MatrixSpec) throws(Failure) -> Weight {
    guard let parameter = stored[spec.name] else {
      preconditionFailure("'\(spec.name)' is a matrix of the specification, but none of its parameters")
    }
    return Weight(name: spec.name, .stored(try model.matrix(parameter, arithmetic: arithmetic)))
  }
}

extension ModelDirectory {
  /// The matrix of a weight that `storedParameters` has listed; it stays mapped.
  package func matrix(_ stored: StoredParameter, arithmetic: Arithmetic = .exact) throws(Failure)
    -> any WeightMatrix
  {
    switch stored.form {
    case .floats(let floats):
      let tensor = try weights.tensor(floats)
      guard stored.parameter.isTransposed else { return DenseWeights(tensor, arithmetic: arithmetic) }
      // A copy, by way of f32, which holds every bf16 and f16: kernels read rows.
      let turned = tensor.cast(to: .f32).transposed([1, 0]).cast(to: tensor.dtype)
      return DenseWeights(turned, arithmetic: arithmetic)
    case .affine(let codes, let scales, let biases, let setting):
      return try GroupedAffineWeights(
        codes: weights.tensor(codes), scales: weights.tensor(scales), biases: weights.tensor(biases),
        bits: setting.bits, groupSize: setting.groupSize,
        arithmetic: arithmetic, place: "\(path): tensor '\(codes.name)'")
    case .scaled(let codes, let scales, let setting):
      guard let number = setting.mode.number else { preconditionFailure("the affine mode has biases") }
      return GroupedScaledWeights(
        number, codes: try weights.tensor(codes), columns: stored.parameter.shape[1],
        scales: try weights.tensor(scales).scales(arePowers: setting.mode.hasPowerScales),
        groups: .runs(of: setting.groupSize), arithmetic: arithmetic)
    case .packed(let form, _): return try opened(form).matrix(arithmetic)
    case .blocks(let tensor, let format):
      return BlockWeights(try weights.tensor(tensor), format: format, arithmetic: arithmetic)
    }
  }
}
