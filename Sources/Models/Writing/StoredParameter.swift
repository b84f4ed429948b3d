// Where each weight that a specification asks for lies in a model's files, and in what form: found and checked without
// reading a value. The decoder and the commands that rewrite weights all go through this list.

import SafeIO
import TensorCore
import WeightFiles

/// A weight of a model as its files hold it.
package struct StoredParameter: Sendable {
  package enum Form: Sendable, Equatable {
    /// Plain f32, bf16 or f16.
    case floats(StoredTensor)
    /// Codes with a scale and a bias for each group.
    case affine(codes: StoredTensor, scales: StoredTensor, biases: StoredTensor, QuantizationSetting)
  }

  package let parameter: ParameterSpec
  package let form: Form

  /// The path of the module that the weight belongs to.
  package var path: String { StoredParameter.path(of: parameter.name) }

  /// The tensors that make up the weight.
  package var tensors: [StoredTensor] {
    switch form {
    case .floats(let tensor): [tensor]
    case .affine(let codes, let scales, let biases, _): [codes, scales, biases]
    }
  }

  /// The name of the values or codes, as the files spell it.
  package var storedName: String { tensors[0].name }

  /// Which part of the files' tensors the weight is; nil where they hold nothing else.
  package var part: StoredTensor.Part? { tensors[0].part }

  /// The path of the module that the weight belongs to, as the files spell it.
  package var storedPath: String { StoredParameter.path(of: storedName) }

  /// The type of the floats: of the values, or of scales and biases.
  package var dtype: DType {
    switch form {
    case .floats(let tensor): tensor.dtype
    case .affine(_, let scales, _, _): scales.dtype
    }
  }

  static func path(of name: String) -> String {
    name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : name
  }
}

extension ModelDirectory {
  /// Every weight of the specification, in its order.
  ///
  /// - Throws: `Failure.badData` that names a tensor which is missing or has another type or shape than config.json
  ///   calls for.
  package func storedParameters() throws(Failure) -> [StoredParameter] {
    var list: [StoredParameter] = []
    for parameter in spec.parameters {
      list.append(StoredParameter(parameter: parameter, form: try form(of: parameter)))
    }
    return list
  }

  /// The names of tensors that are no part of `parameters`, and will not be in a model made from them.
  package func tensors(besides parameters: [StoredParameter]) -> [String] {
    let used = Set(parameters.flatMap { $0.tensors.map(\.name) })
    return weights.entries.map(\.name).filter { !used.contains($0) }
  }

  private func form(of parameter: ParameterSpec) throws(Failure) -> StoredParameter.Form {
    let (name, part) = try place(of: parameter)
    let path = StoredParameter.path(of: name)
    if parameter.role == .matrix, weights.entry("\(path).scales") != nil {
      return try affineForm(of: parameter, name, path: path, part)
    }
    let tensor = try tensor(name, part)
    guard [.f32, .bf16, .f16].contains(tensor.dtype) else {
      throw problem(tensor, "is \(tensor.dtype.safetensorsName), expected F32, BF16 or F16")
    }
    guard tensor.shape == parameter.storedShape else {
      let expected = (part.map { [$0.count] } ?? []) + parameter.storedShape
      throw problem(
        tensor,
        "has the shape \(tensor.whole.shape), expected \(expected); config.json and weights disagree")
    }
    return .floats(tensor)
  }

  private func affineForm(
    of parameter: ParameterSpec, _ name: String, path: String, _ part: StoredTensor.Part?
  ) throws(Failure) -> StoredParameter.Form {
    let (codes, scales) = (try tensor(name, part), try tensor("\(path).scales", part))
    let own = part == nil ? StoredParameter.path(of: parameter.name) : path
    guard let setting = quantization?.setting(own) else {
      throw problem(scales, "is there, but config.json does not say how '\(path)' is quantized")
    }
    let biases = try tensor("\(path).biases", part)
    guard GroupedAffineWeights.supportedBits.contains(setting.bits),
      GroupedAffineWeights.supportedGroupSizes.contains(setting.groupSize)
    else {
      throw problem(
        codes,
        "\(setting.bits) bits in groups of \(setting.groupSize) are not supported by any version of mlt")
    }
    let (rows, columns) = (parameter.shape[0], parameter.shape[1])
    guard codes.dtype == .u32, codes.shape == [rows, columns * setting.bits / 32] else {
      throw problem(
        codes,
        "is \(codes.dtype.safetensorsName) \(codes.shape), but \(parameter.shape) weights of \(setting.bits) bits take "
          + "U32 \([rows, columns * setting.bits / 32]); config.json and weights disagree")
    }
    for tensor in [scales, biases] {
      guard [.f32, .bf16, .f16].contains(tensor.dtype), tensor.dtype == scales.dtype,
        tensor.shape == [rows, columns / setting.groupSize], columns % setting.groupSize == 0
      else {
        throw problem(
          tensor,
          "is \(tensor.dtype.safetensorsName) \(tensor.shape), expected floats of one type for groups of "
            + "\(setting.groupSize) in \(parameter.shape) weights")
      }
    }
    return .affine(codes: codes, scales: scales, biases: biases, setting)
  }

  /// The name under which the files hold a weight, and which part of that tensor it is.
  ///
  /// - Throws: `Failure.badData` when they do not have it.
  private func place(of parameter: ParameterSpec) throws(Failure) -> (String, StoredTensor.Part?) {
    let own = spelling(parameter.name)
    if weights.entry(own) != nil { return (own, nil) }
    if let stack = parameter.stack {
      let name = spelling(stack.name)
      if weights.entry(name) != nil { return (name, .init(index: stack.index, count: stack.count)) }
    }
    let usual = parameter.stack.flatMap { $0.isUsual ? $0.name : nil } ?? parameter.name
    throw .badData(path, "the weights lack the tensor '\(usual)', which config.json calls for")
  }

  private func tensor(_ name: String, _ part: StoredTensor.Part?) throws(Failure) -> StoredTensor {
    guard let entry = weights.entry(name) else {
      throw .badData(path, "the weights lack the tensor '\(name)', which config.json calls for")
    }
    guard part == nil || entry.shape.first == part?.count else {
      throw .badData(
        "\(path): tensor '\(name)'",
        "has the shape \(entry.shape), expected one matrix or row for each of \(part?.count ?? 0) experts")
    }
    return StoredTensor(entry, part: part)
  }

  /// A name as the files spell it: those of the bare model lack the prefix.
  private func spelling(_ name: String) -> String {
    guard weights.entry(name) == nil, name.hasPrefix(spec.prefix) else { return name }
    let bare = String(name.dropFirst(spec.prefix.count))
    return weights.entry(bare) == nil ? name : bare
  }

  private func problem(_ tensor: StoredTensor, _ problem: String) -> Failure {
    .badData("\(path): tensor '\(tensor.name)'", problem)
  }
}
