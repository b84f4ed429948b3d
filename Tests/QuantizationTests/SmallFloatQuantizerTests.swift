// Small floats against MLX, and at their edges.

import Models
import Quantization
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `Quantizing to small floats` {
  /// Matrices quantized by MLX: all that are shared, else the bundled ones.
  static let golden =
    Shared.has("goldens/quant/fp_modes.safetensors")
    ? Shared.file("goldens/quant/fp_modes.safetensors")
    : "\(QuantizationGoldens.bundled)/quant/fp_modes.safetensors"

  @Test(arguments: [QuantizationMode.mxfp4, .nvfp4, .mxfp8])
  func `codes and scales are those of MLX, bit for bit, and so are the values`(mode: QuantizationMode) throws
  {
    let golden = try SafetensorsFile(path: Self.golden)
    let matrices = golden.entries.map(\.name).filter { $0.hasSuffix(".w") }.map { $0.dropLast(2) }
    #expect(matrices.count >= 4)
    for matrix in matrices {
      let weights = try golden.tensor("\(matrix).w")
      let ours = try QuantizedMatrix(weights, mode.defaultSetting)
      #expect(try ours.parts[0].bytes == golden.tensor("\(matrix).\(mode).wq").bytes, "\(matrix)")
      #expect(try ours.parts[1].bytes == golden.tensor("\(matrix).\(mode).scales").bytes, "\(matrix)")
      let number = try #require(mode.number)
      let values = GroupedScaledWeights(
        number, codes: ours.parts[0], columns: weights.shape[1],
        scales: ours.parts[1].scales(arePowers: mode.hasPowerScales),
        groups: .runs(of: mode.defaultSetting.groupSize)
      ).expanded()
      let theirs = try golden.tensor("\(matrix).\(mode).dequantized")
      #expect(values.cast(to: theirs.dtype).bytes == theirs.bytes, "\(matrix)")
    }
  }

  @Test func `the reported error is the distance between weights and stored values`() throws {
    let numbers = (0..<40 * 64).map { number -> Float in
      Float(number &* 2_654_435_761 % 1_000_003) / 1_000_003 - 0.4
    }
    let ours = try QuantizedMatrix(Tensor(numbers, shape: [40, 64]), QuantizationMode.nvfp4.defaultSetting)
    let stored = GroupedScaledWeights(
      .e2m1, codes: ours.parts[0], columns: 64, scales: ours.parts[1].scales(arePowers: false),
      groups: .runs(of: 16)
    ).expanded().floats()
    let error = zip(numbers, stored).reduce(0.0) { sum, pair in
      let gap: Float = pair.0 - pair.1
      return sum + Double(gap * gap)
    }
    #expect(abs(ours.error.squaredError / error - 1) < 1e-5)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `what is not a finite number is refused with its place`(value: Float) throws {
    var numbers = [Float](repeating: 1, count: 3 * 64)
    numbers[2 * 64 + 40] = value
    let weights = Tensor(numbers, shape: [3, 64])
    for mode in [QuantizationMode.mxfp4, .nvfp4, .mxfp8] {
      let failure = #expect(throws: Failure.self) {
        try QuantizedMatrix(weights, mode.defaultSetting, place: "a file: tensor 'x'", firstRow: 5)
      }
      #expect(failure?.kind == .badData)
      #expect(failure?.message.hasPrefix("a file: tensor 'x': row 7, columns 32 to ") == true)
    }
  }
}
