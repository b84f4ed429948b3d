// Finds each weight that a specification asks for in a model's files, in whatever form it is stored there, and says
// clearly when it is missing or does not fit. A new stored form is recognized here and nowhere else.

import SafeIO
import TensorCore
import WeightFiles

/// Loads the weights of one model.
struct WeightLoader {
  private let source: any WeightSource
  private let quantization: QuantizationTable?
  private let path: String

  init(_ model: ModelDirectory) {
    source = model.weights
    quantization = model.quantization
    path = model.path
  }

  /// A vector as f32.
  func vector(_ name: String, count: Int) throws(Failure) -> Weight {
    let tensor = try floats(name, shape: [count])
    return Weight(name: name, .tensor(tensor.cast(to: .f32)))
  }

  /// A matrix in its stored form: quantized when `path.scales` is there.
  func matrix(_ spec: MatrixSpec) throws(Failure) -> Weight {
    guard source.entry("\(spec.path).scales") != nil else {
      let tensor = try floats(spec.name, shape: [spec.rows, spec.columns])
      return Weight(name: spec.name, .stored(DenseWeights(tensor)))
    }
    return Weight(name: spec.name, .stored(try quantized(spec)))
  }

  private func quantized(_ spec: MatrixSpec) throws(Failure) -> GroupedAffineWeights {
    let place = "\(path): tensor '\(spec.name)'"
    guard let setting = quantization?.setting(spec.path) else {
      throw .badData(place, "has scales, but config.json does not say how it is quantized")
    }
    let weights = try GroupedAffineWeights(
      codes: try source.tensor(spec.name), scales: try source.tensor("\(spec.path).scales"),
      biases: try tensor("\(spec.path).biases"), bits: setting.bits, groupSize: setting.groupSize,
      place: place)
    guard weights.rows == spec.rows, weights.columns == spec.columns else {
      throw .badData(
        place,
        "holds [\(weights.rows), \(weights.columns)] weights of \(setting.bits) bits, expected "
          + "[\(spec.rows), \(spec.columns)]; config.json and weights disagree")
    }
    return weights
  }

  private func floats(_ name: String, shape: [Int]) throws(Failure) -> Tensor {
    let tensor = try tensor(name)
    guard [.f32, .bf16, .f16].contains(tensor.dtype) else {
      let found = tensor.dtype.safetensorsName
      throw .badData("\(path): tensor '\(name)'", "is \(found), expected F32, BF16 or F16")
    }
    guard tensor.shape == shape else {
      throw .badData(
        "\(path): tensor '\(name)'",
        "has the shape \(tensor.shape), expected \(shape); config.json and weights disagree")
    }
    return tensor
  }

  private func tensor(_ name: String) throws(Failure) -> Tensor {
    guard source.entry(name) != nil else {
      throw .badData(path, "the weights lack the tensor '\(name)', which config.json calls for")
    }
    return try source.tensor(name)
  }
}
