// What a rewritten model is: matrix by matrix, and as a whole.

import Models
import SafeIO
import TensorCore

/// How far stored values are from the weights.
package struct QuantizationError: Sendable, Equatable {
  /// Σ (weight − stored value)².
  package private(set) var squaredError = 0.0
  /// Σ weight².
  package private(set) var squaredNorm = 0.0

  package init(squaredError: Double = 0, squaredNorm: Double = 0) {
    self.squaredError = squaredError
    self.squaredNorm = squaredNorm
  }

  /// The sum of what a kernel gives row by row: Σ (weight − stored value)², Σ weight², and so on.
  init(rows: [Double]) {
    for place in stride(from: 0, to: rows.count, by: 2) {
      squaredError += rows[place]
      squaredNorm += rows[place + 1]
    }
  }

  /// The root mean square of the error over that of the weights; 0 for a matrix of zeros.
  package var relative: Double { squaredNorm > 0 ? (squaredError / squaredNorm).squareRoot() : 0 }

  mutating func add(_ other: QuantizationError) {
    squaredError += other.squaredError
    squaredNorm += other.squaredNorm
  }
}

/// How one matrix is stored now.
package struct MatrixReport: Sendable, Equatable {
  package enum Storage: Sendable, Equatable {
    case floats(DType)
    case quantized(QuantizationSetting)
    /// Blocks of ggml, in a GGUF file.
    case blocks(BlockFormat)
  }

  /// The module's path.
  package let path: String
  package let rows: Int
  package let columns: Int
  package let storage: Storage
  package let byteCount: Int
  /// Nil when it was not quantized just now.
  package let error: QuantizationError?

  package var bitsPerWeight: Double { Double(byteCount) * 8 / Double(max(1, rows * columns)) }
}

/// What a command that rewrites weights has done.
package struct RewriteReport: Sendable {
  package let matrices: [MatrixReport]
  package let parameterCount: Int
  /// Bytes of all tensors.
  package let byteCount: Int
  /// Matrices that another tool had packed and that are floats now though nobody asked for that: no format of MLX holds their
  /// values.
  package let expanded: [String]
  /// Tensors of the source that were not taken over.
  package let dropped: [String]
  /// Those of them that files of the family do not usually carry.
  package let unknown: [String]

  /// All bytes over all weights, scales, biases and norms included, as mlx-lm counts.
  package var bitsPerWeight: Double { Double(byteCount) * 8 / Double(max(1, parameterCount)) }

  /// The error of all matrices that were quantized together; nil when there are none.
  package var error: QuantizationError? {
    let errors = matrices.compactMap(\.error)
    guard !errors.isEmpty else { return nil }
    return errors.reduce(into: QuantizationError()) { $0.add($1) }
  }

  /// The report as commands print it, without what only they know (version, output, time).
  package var json: JSONObject {
    [
      "parameters": .integer(parameterCount), "bytes": .integer(byteCount),
      "bits_per_weight": .double(bitsPerWeight),
      "relative_error": error.map { .double($0.relative) } ?? .null,
      "expanded": .array(expanded.map(JSON.string)),
      "dropped": .array(dropped.map(JSON.string)), "unknown": .array(unknown.map(JSON.string)),
      "layers": .array(matrices.map { .object($0.json) }),
    ]
  }
}

extension MatrixReport {
  fileprivate var json: JSONObject {
    var object: JSONObject = ["path": .string(path), "shape": [.integer(rows), .integer(columns)]]
    switch storage {
    case .quantized(let setting):
      object["mode"] = .string(setting.mode.rawValue)
      object["bits"] = .integer(setting.bits)
      object["group_size"] = .integer(setting.groupSize)
    case .floats(let type): object["dtype"] = .string(type.configName)
    case .blocks(let format): object["mode"] = .string(format.rawValue)
    }
    object["bytes"] = .integer(byteCount)
    object["relative_error"] = error.map { .double($0.relative) } ?? .null
    return object
  }
}
