// Where each weight that a specification asks for lies in a model's files, and in what form: found and checked without
// reading a value. The decoder and the commands that rewrite weights all go through this list.

import SafeIO
import TensorCore
import WeightFiles

/// A weight of a model as its files hold it.
package struct StoredParameter: Sendable {
  package enum Form: Sendable, Equatable {
    /// Plain f32, bf16 or f16.
    case floats(TensorEntry)
    /// Codes with a scale and a bias for each group.
    case affine(codes: TensorEntry, scales: TensorEntry, biases: TensorEntry, QuantizationSetting)
  }

  package let parameter: ParameterSpec
  package let form: Form

  /// The path of the module that the weight belongs to.
  package var path: String { StoredParameter.path(of: parameter.name) }

  /// The tensors that make up the weight.
  package var entries: [TensorEntry] {
    switch form {
    case .floats(let entry): [entry]
    case .affine(let codes, let scales, let biases, _): [codes, scales, biases]
    }
  }

  /// The name of the values or codes, as the files spell it.
  package var storedName: String { entries[0].name }

  /// The path of the module that the weight belongs to, as the files spell it.
  package var storedPath: String { StoredParameter.path(of: storedName) }

  /// The type of the floats: of the values, or of scales and biases.
  package var dtype: DType {
    switch form {
    case .floats(let entry): entry.dtype
    case .affine(_, let scales, _, _): scales.dtype
    }
  }

  fileprivate static func path(of name: String) -> String {
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
    let used = Set(parameters.flatMap { $0.entries.map(\.name) })
    return weights.entries.map(\.name).filter { !used.contains($0) }
  }

  private func form(of parameter: ParameterSpec) throws(Failure) -> StoredParameter.Form {
    let path = StoredParameter.path(of: spelling(parameter.name))
    if parameter.role == .matrix, weights.entry("\(path).scales") != nil {
      return try affineForm(of: parameter, path: path)
    }
    let entry = try entry(parameter.name)
    guard [.f32, .bf16, .f16].contains(entry.dtype) else {
      throw problem(entry, "is \(entry.dtype.safetensorsName), expected F32, BF16 or F16")
    }
    guard entry.shape == parameter.storedShape else {
      throw problem(
        entry,
        "has the shape \(entry.shape), expected \(parameter.storedShape); config.json and weights disagree")
    }
    return .floats(entry)
  }

  private func affineForm(of parameter: ParameterSpec, path: String) throws(Failure) -> StoredParameter.Form {
    let (codes, scales) = (try entry(parameter.name), try entry("\(path).scales"))
    guard let setting = quantization?.setting(StoredParameter.path(of: parameter.name)) else {
      throw problem(scales, "is there, but config.json does not say how '\(path)' is quantized")
    }
    let biases = try entry("\(path).biases")
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
    for entry in [scales, biases] {
      guard [.f32, .bf16, .f16].contains(entry.dtype), entry.dtype == scales.dtype,
        entry.shape == [rows, columns / setting.groupSize], columns % setting.groupSize == 0
      else {
        throw problem(
          entry,
          "is \(entry.dtype.safetensorsName) \(entry.shape), expected floats of one type for groups of "
            + "\(setting.groupSize) in \(parameter.shape) weights")
      }
    }
    return .affine(codes: codes, scales: scales, biases: biases, setting)
  }

  private func entry(_ name: String) throws(Failure) -> TensorEntry {
    guard let entry = weights.entry(spelling(name)) else {
      throw .badData(path, "the weights lack the tensor '\(name)', which config.json calls for")
    }
    return entry
  }

  /// A name as the files spell it: those of the bare model lack the prefix.
  private func spelling(_ name: String) -> String {
    guard weights.entry(name) == nil, name.hasPrefix(spec.prefix) else { return name }
    let bare = String(name.dropFirst(spec.prefix.count))
    return weights.entry(bare) == nil ? name : bare
  }

  private func problem(_ entry: TensorEntry, _ problem: String) -> Failure {
    .badData("\(path): tensor '\(entry.name)'", problem)
  }
}
