// Where the goldens lie: a few in the bundle, all of them in the shared folder.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import WeightFiles

enum QuantizationGoldens {
  static let bundled = Bundle.module.bundleURL.appendingPathComponent("Goldens").path

  /// The matrices quantized by MLX: all that are shared, else the bundled ones.
  static let matrices: [String] = {
    let folder = Shared.has("goldens/quant") ? Shared.file("goldens/quant") : "\(bundled)/quant"
    let names = (try? Files.list(folder)) ?? []
    return names.filter { $0.hasPrefix("affine_") }.map { "\(folder)/\($0)" }
  }()

  static let base = "\(bundled)/base/tiny-qwen2"
  static let quantized = "\(bundled)/mlx/tiny-qwen2-q4-g32"
}

extension Tensor {
  var bytes: [UInt8] { withBytes { [UInt8]($0) } }
}

/// A copy of a model folder that a test may change.
func copyOfModel(_ source: String, to folder: String) throws {
  try Files.makeDirectory(folder)
  for name in try Files.list(source) { try Files.copy(from: "\(source)/\(name)", to: "\(folder)/\(name)") }
}

/// Whether two model folders hold the same tensors under the same names, and the first name that differs.
func difference(_ left: String, _ right: String) throws -> String? {
  let (ours, theirs) = (try ShardedWeights(directory: left), try ShardedWeights(directory: right))
  guard ours.entries == theirs.entries else {
    return "the tensors are others: \(ours.entries.map(\.name)) and \(theirs.entries.map(\.name))"
  }
  for entry in ours.entries where try ours.tensor(entry.name).bytes != theirs.tensor(entry.name).bytes {
    return entry.name
  }
  return nil
}
