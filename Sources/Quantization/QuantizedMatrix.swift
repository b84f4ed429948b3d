// A matrix quantized to nearest, in whichever of MLX's modes.

import Models
import SafeIO
import TensorCore

/// The stored form of a matrix, and what storing it so has cost.
package struct QuantizedMatrix {
  /// As MLX lists them: u32 codes, scales, and in the affine mode biases.
  package let parts: [Tensor]
  package let error: QuantizationError

  init(parts: [Tensor], error: QuantizationError) {
    self.parts = parts
    self.error = error
  }

  /// Quantizes `[rows, columns]` in f32, bf16 or f16; columns are a multiple of the group size.
  ///
  /// - Parameters:
  ///   - place: what to call the matrix in an error: file and tensor.
  ///   - firstRow: the number of the first row in that tensor, for a matrix that comes in pieces.
  /// - Throws: `Failure.badData` for weights that are not finite numbers.
  package init(
    _ weights: Tensor, _ setting: QuantizationSetting, place: String = "weights", firstRow: Int = 0
  ) throws(Failure) {
    self =
      setting.mode == .affine
      ? try AffineQuantizer.quantize(
        weights, bits: setting.bits, groupSize: setting.groupSize, place: place, firstRow: firstRow)
      : try SmallFloatQuantizer.quantize(weights, setting, place: place, firstRow: firstRow)
  }
}
