// Which matrices of a model are stored quantized, and how: the `quantization` object that mlx-lm writes into
// config.json. One setting for all, and exceptions by module path.

import SafeIO

/// The quantization of a model in the modes of MLX.
package struct QuantizationTable: Sendable, Equatable {
  /// What holds for every matrix that is no exception.
  package var base: QuantizationSetting
  /// Exceptions by module path; nil where a matrix is not quantized.
  package var overrides: [String: QuantizationSetting?]

  package init(base: QuantizationSetting, overrides: [String: QuantizationSetting?] = [:]) {
    self.base = base
    self.overrides = overrides
  }

  /// The setting of a module, nil when it is not quantized.
  package func setting(_ path: String) -> QuantizationSetting? { overrides[path] ?? base }

  /// Reads the table from `config.json`; nil when the model is not quantized.
  ///
  /// `quantization` counts; mlx-lm repeats it as `quantization_config` for the hub, where other tools name a method: what
  /// they say is read by `HubQuantization`.
  /// - Throws: `Failure.badData` for a mode that is not supported, or a malformed object.
  package init?(config: JSON, source: String) throws(Failure) {
    let fields = try Fields(config, source: source)
    if let table = try fields.optionalFields("quantization") {
      try self.init(table)
    } else if let table = try fields.optionalFields("quantization_config") {
      if table.has("quant_method") { return nil }
      try self.init(table)
    } else {
      return nil
    }
  }

  private init(_ table: Fields) throws(Failure) {
    base = try QuantizationSetting(table)
    overrides = [:]
    for (path, value) in table.object {
      switch value {
      case .object:
        let setting = try QuantizationSetting(Fields(value, source: "\(table.source): key '\(path)'"))
        overrides.updateValue(setting, forKey: path)
      case .bool(let isQuantized): overrides.updateValue(isQuantized ? base : nil, forKey: path)
      default: continue
      }
    }
  }
}

extension QuantizationSetting {
  /// What is missing is what mlx-lm assumes: the mode affine, and the mode's own bits and groups.
  fileprivate init(_ fields: Fields) throws(Failure) {
    let name = try fields.string("mode", default: "affine")
    guard let mode = QuantizationMode(rawValue: name) else {
      let known = QuantizationMode.allCases.map(\.rawValue).joined(separator: ", ")
      throw fields.complaint("mode", "'\(name)' is not supported; known: \(known)")
    }
    self = mode.defaultSetting
    groupSize = try fields.int("group_size", default: groupSize)
    bits = try fields.int("bits", default: bits)
    guard mode == .affine || isSupported else {
      throw fields.complaint(
        "bits",
        "\(bits) bits in groups of \(groupSize) are not '\(name)', which has \(mode.supportedBits[0]) in groups of "
          + "\(mode.supportedGroupSizes[0])")
    }
  }
}
