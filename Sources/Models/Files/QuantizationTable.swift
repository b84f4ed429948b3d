// Which matrices of a model are stored quantized, and how: the `quantization` object that mlx-lm writes into
// config.json. One setting for all, and exceptions by module path.

import SafeIO

/// How one matrix is quantized.
package struct QuantizationSetting: Sendable, Equatable {
  /// Columns that share a scale and a bias.
  package var groupSize: Int
  /// Bits of a code.
  package var bits: Int

  package init(groupSize: Int, bits: Int) {
    self.groupSize = groupSize
    self.bits = bits
  }
}

/// The quantization of a model in the affine mode of MLX.
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
  /// `quantization` counts; mlx-lm repeats it as `quantization_config` for the hub, where other tools write other
  /// things, which are refused by name.
  /// - Throws: `Failure.badData` for a method or mode that is not supported, or a malformed object.
  package init?(config: JSON, source: String) throws(Failure) {
    let fields = try Fields(config, source: source)
    if let table = try fields.optionalFields("quantization") {
      try self.init(table)
    } else if let table = try fields.optionalFields("quantization_config") {
      if let method = try table.optionalString("quant_method") {
        throw table.complaint(
          "quant_method", "weights quantized by '\(method)' can't be read; convert them first")
      }
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
  fileprivate init(_ fields: Fields) throws(Failure) {
    let mode = try fields.string("mode", default: "affine")
    guard mode == "affine" else {
      throw fields.complaint("mode", "'\(mode)' is not supported; known: affine")
    }
    groupSize = try fields.int("group_size")
    bits = try fields.int("bits")
  }
}
