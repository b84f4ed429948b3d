// Where each weight that a specification asks for lies in a model's files, and in what form: found and checked without
// reading a value. The decoder and the commands that rewrite weights all go through this list.

import SafeIO
import TensorCore
import WeightFiles

/// A weight of a model as its files hold it.
package struct StoredParameter: Sendable {
  package enum Form: Sendable, Equatable {
    /// Plain floats: f32, bf16 and f16, and those of at most 8 bits, which are widened.
    case floats(StoredTensor)
    /// MLX's integers: codes with a scale and a bias for each group.
    case affine(codes: StoredTensor, scales: StoredTensor, biases: StoredTensor, QuantizationSetting)
    /// MLX's small floats: codes with a scale for each group.
    case scaled(codes: StoredTensor, scales: StoredTensor, QuantizationSetting)
    /// As another tool has packed it; the type is that of the floats it stands for.
    case packed(PackedForm, DType)
    /// Blocks of ggml, as bytes `[rows, bytes of a row]`.
    case blocks(StoredTensor, BlockFormat)
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
    case .scaled(let codes, let scales, _): [codes, scales]
    case .packed(let form, _): form.tensors
    case .blocks(let tensor, _): [tensor]
    }
  }

  /// The name of the values or codes of the model that is made from this one: spelled as the files spell it.
  package var storedName: String {
    guard case .packed = form else { return tensors[0].name }
    if let stack = parameter.stack, part != nil { return stack.name }
    let path = tensors[0].name.split(separator: ".").dropLast().joined(separator: ".")
    return "\(path).weight"
  }

  /// Which part of the files' tensors the weight is; nil where they hold nothing else.
  package var part: StoredTensor.Part? { tensors[0].part }

  /// Whether the values are no plain floats.
  package var isQuantized: Bool { if case .floats = form { false } else { true } }

  /// The path of the module that the weight belongs to, as the files spell it.
  package var storedPath: String { StoredParameter.path(of: storedName) }

  /// The type of the floats: of the values, or of scales and biases; of what is stored otherwise, the one that holds it
  /// or that config.json names.
  package var dtype: DType {
    switch form {
    case .floats(let tensor): tensor.dtype
    case .affine(_, let scales, _, _): scales.dtype
    // Wide enough for products of numbers and scales; one of 16 bits, since config.json may name none.
    case .scaled: .bf16
    case .packed(_, let type): type
    // The type of most blocks' scales.
    case .blocks: .f16
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
    let names = packing == nil ? [] : Set(spec.parameters.map(\.name))
    for parameter in spec.parameters {
      let form = try form(of: parameter)
      if case .packed = form { try checkNoOtherBias(of: parameter, among: names) }
      list.append(StoredParameter(parameter: parameter, form: form))
    }
    return list
  }

  /// The names of tensors that are no part of `parameters`, and will not be in a model made from them.
  package func tensors(besides parameters: [StoredParameter]) -> [String] {
    let used = Set(parameters.flatMap { $0.tensors.map(\.name) })
    return weights.entries.map(\.name).filter { !used.contains($0) }
  }

  private func form(of parameter: ParameterSpec) throws(Failure) -> StoredParameter.Form {
    if parameter.role == .matrix, let packed = try packedForm(of: parameter) {
      return .packed(packed, packedType(packed))
    }
    let (name, part) = try place(of: parameter)
    let path = StoredParameter.path(of: name)
    if parameter.role == .matrix, weights.entry("\(path).scales") != nil {
      return try affineForm(of: parameter, name, path: path, part)
    }
    let tensor = try tensor(name, part)
    // Checked when it was found.
    if let format = (weights as? GGUFWeights)?.blockFormat(name) { return .blocks(tensor, format) }
    guard tensor.dtype.isFloat, tensor.dtype != .f64, part == nil || !tensor.dtype.isPacked else {
      throw problem(tensor, "is \(tensor.dtype.safetensorsName), expected F32, BF16, F16 or smaller floats")
    }
    guard tensor.shape == parameter.storedShape else {
      let expected = (part.map { [$0.count] } ?? []) + parameter.storedShape
      throw problem(
        tensor,
        "has the shape \(tensor.whole.shape), expected \(expected); config.json and weights disagree")
    }
    // Numbers without their scales would be other weights.
    for name in ["\(path).weight_scale", "\(path).weight_scale_inv"] {
      guard let scales = weights.entry(name) else { continue }
      throw problem(StoredTensor(scales), "is there, but config.json does not say how '\(path)' is quantized")
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
    guard setting.mode == .affine else {
      return try scaledForm(of: parameter, codes: codes, scales: scales, setting)
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

  private func scaledForm(
    of parameter: ParameterSpec, codes: StoredTensor, scales: StoredTensor, _ setting: QuantizationSetting
  ) throws(Failure) -> StoredParameter.Form {
    let (rows, columns) = (parameter.shape[0], parameter.shape[1])
    let expected = [
      (codes, DType.u32, [rows, columns * setting.bits / 32]),
      (scales, .u8, [rows, columns / setting.groupSize]),
    ]
    for (entry, type, shape) in expected
    where entry.dtype != type || entry.shape != shape || columns % setting.groupSize != 0 {
      throw problem(
        entry,
        "is \(entry.dtype.safetensorsName) \(entry.shape), but \(parameter.shape) weights in \(setting.words) take "
          + "\(type.safetensorsName) \(shape); config.json and weights disagree")
    }
    return .scaled(codes: codes, scales: scales, setting)
  }

  // MARK: Packed by other tools

  private func packedForm(of parameter: ParameterSpec) throws(Failure) -> PackedForm? {
    guard let packing else { return nil }
    let stack = parameter.stack.flatMap { $0.isUsual ? $0.name : nil }
    let path = StoredParameter.path(of: stack ?? parameter.name)
    let bare = path.hasPrefix(spec.prefix) ? String(path.dropFirst(spec.prefix.count)) : path
    let spelled = [path, bare].first { path in
      PackedFinder.codeNames.contains { weights.entry("\(path).\($0)") != nil }
    }
    return try PackedFinder(
      weights: weights, hub: packing, place: self.path, parameter: parameter, path: spelled ?? path
    ).find()
  }

  /// The type that a matrix becomes when it is unpacked: that of scales of 16 bits, else the one that config.json names.
  private func packedType(_ form: PackedForm) -> DType {
    if case .integers(let integers) = form, integers.scales.dtype != .f32 { return integers.scales.dtype }
    let name = (config["dtype"] ?? config["torch_dtype"])?.stringValue
    return [DType.f32, .bf16, .f16].first { $0.configName == name } ?? .bf16
  }

  /// Some writers give every module a bias.
  ///
  /// One of zeros does no harm; another one is a weight that would be missing.
  private func checkNoOtherBias(of parameter: ParameterSpec, among names: Set<String>) throws(Failure) {
    let name = "\(StoredParameter.path(of: parameter.name)).bias"
    guard !names.contains(name), let bias = weights.entry(spelling(name)), bias.dtype.isFloat else { return }
    let isZero =
      bias.shape == [parameter.shape[0]]
      ? try weights.tensor(bias.name).floats().allSatisfy { $0 == 0 } : false
    guard isZero else {
      throw problem(StoredTensor(bias), "is a bias that the architecture of config.json does not have")
    }
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
