// Merging an adapter into its base: W + scale · B · A in f32, then into the stored type. A quantized base is expanded
// for it and quantized again with its own settings; how that is done comes from outside, since fine-tuning and
// quantization know nothing of each other.

import Models
import SafeIO
import TensorCore
import WeightFiles

/// Merges adapters into models.
package struct AdapterMerge {
  /// Quantizes a merged matrix, as floats of the given type: gives codes, scales, and biases where the mode has them.
  package typealias Quantizer = (
    _ matrix: Tensor, _ setting: QuantizationSetting, _ type: DType
  ) throws -> [Tensor]

  private let model: ModelDirectory
  private let adapter: Adapter
  private let dtype: DType?
  private let dequantizing: Bool

  /// - Parameters:
  ///   - source: the adapter's folder, for errors.
  ///   - dtype: the type of every float tensor; nil keeps the base's.
  ///   - dequantizing: whether a quantized base becomes one of floats.
  /// - Throws: `Failure.badData` when the adapter does not fit the model; `usage` when the options don't.
  package init(
    _ model: ModelDirectory, _ adapter: Adapter, source: String, dtype: DType?, dequantizing: Bool
  ) throws(Failure) {
    guard model.quantization == nil || dtype == nil || dequantizing else {
      throw .usage(
        "\(model.path) is quantized: --dtype needs --dequantize, or leave it out to quantize again")
    }
    if let packing = model.packing, !packing.isKept, !dequantizing {
      throw .usage(
        "\(model.path) is packed by another tool (\(packing.words)), so that merged weights have no place in it; use --dequantize, "
          + "or first mlt convert it")
    }
    // The decoder's check of names and shapes; its weights stay mapped and cost nothing.
    try adapter.attach(to: Decoder(model), source: source)
    self.model = model
    self.adapter = adapter
    self.dtype = dtype
    self.dequantizing = dequantizing && model.isQuantized
  }

  /// Writes the merged model into a staging folder, tensor by tensor.
  ///
  /// - Parameter follower: who reads the weights while they are written.
  package func write(
    into directory: String, follower: (any FileFollower)? = nil, progress: (any ProgressReporting)? = nil,
    quantizer: Quantizer
  ) throws {
    let files = try ModelFiles(model, dtype: dtype, dequantizing: dequantizing)
    let pairs = Dictionary(adapter.pairs.map { ($0.path, $0.pair) }) { first, _ in first }
    try files.write(into: directory, follower: follower, progress: progress) { parameter in
      // A bias belongs to a module of the same path.
      guard parameter.parameter.role == .matrix, let pair = pairs[parameter.path] else { return nil }
      let merged = try files.expanded(parameter) + pair.delta()
      switch parameter.form {
      case .affine(_, _, _, let setting) where !dequantizing, .scaled(_, _, let setting) where !dequantizing:
        return try quantizer(merged, setting, parameter.dtype)
      default: return [merged]
      }
    }
  }
}
