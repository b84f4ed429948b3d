// Every version of the quantizer against the portable one, which is tested against MLX elsewhere.

import CKernels
import TensorCore
import TestSupport
import Testing

@Suite struct AffineKernelTests {
  private struct Quantized: Equatable {
    var status: Int64
    var codes: [UInt8]
    var scales: [UInt8]
    var biases: [UInt8]
    var errors: [UInt64]
  }

  /// Quantizes weights that lie `offset` bytes from an aligned address.
  private func quantize(
    _ weights: Tensor, bits: Int, group: Int, version: Int32, offset: Int
  ) throws -> Quantized {
    let kernel = try #require(mlt_affine_available(version)).pointee
    let (rows, columns, size) = (weights.shape[0], weights.shape[1], weights.dtype.size)
    let format: mlt_format = weights.dtype == .f32 ? MLT_F32 : weights.dtype == .bf16 ? MLT_BF16 : MLT_F16
    let source = [UInt8](repeating: 0, count: offset) + weights.withBytes { [UInt8]($0) }
    var codes = [UInt8](repeating: 0, count: rows * columns * bits / 8)
    var scales = [UInt8](repeating: 0, count: rows * columns / group * size)
    var biases = scales
    var errors = [Double](repeating: -1, count: 2 * rows)
    let status = source.withUnsafeBytes { source in
      kernel.quantize(
        format, source.baseAddress.map { $0 + offset }, Int64(rows), Int64(columns), Int32(bits),
        Int64(group),
        &codes, &scales, &biases, &errors)
    }
    return Quantized(
      status: status, codes: codes, scales: scales, biases: biases, errors: errors.map(\.bitPattern))
  }

  /// Rows of many sizes, of one value, of one sign and of zeros, with outliers.
  private func matrix(rows: Int, columns: Int, _ type: DType) -> Tensor {
    let values = (0..<rows * columns).map { index -> Float in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      let value = Float(index &* 2_654_435_761 % 1_000_003) / 1_000_003 - 0.45
      switch row % 7 {
      case 0: return 0
      case 1: return 0.37
      case 2: return -value.magnitude * 1e-6
      case 3: return column % 61 == 0 ? value * 1000 : value
      case 4: return column % 2 == 0 ? 0 : -0.0
      default: return value
      }
    }
    return Tensor(values, shape: [rows, columns]).cast(to: type)
  }

  @Test(arguments: [DType.f32, .bf16, .f16], [2, 3, 4, 5, 6, 8])
  func `every version gives the bytes and errors of the portable one`(type: DType, bits: Int) throws {
    let versions = (0...9).filter { mlt_affine_available($0) != nil }
    let portable = try #require(versions.last)
    // One group in a row, a few, sixteen and more: as many as are taken side by side.
    for (group, groups) in [(32, 1), (32, 17), (64, 3), (64, 16), (128, 1), (128, 35)] {
      let weights = matrix(rows: 15, columns: group * groups, type)
      let expected = try quantize(weights, bits: bits, group: group, version: portable, offset: 0)
      for version in versions {
        for offset in [0, 1, type.size] {
          let ours = try quantize(weights, bits: bits, group: group, version: version, offset: offset)
          #expect(ours == expected, "version \(version), \(groups) groups of \(group), \(offset) bytes off")
        }
      }
    }
  }

  @Test(arguments: [Float.nan, -.infinity, .infinity], [0, 31, 64, 700])
  func `every version names the first group that is not of numbers`(value: Float, column: Int) throws {
    var values = matrix(rows: 8, columns: 1024, .f32).floats()
    values[3 * 1024 + column] = value
    values[5 * 1024] = .nan
    for version in (0...9 as ClosedRange<Int32>).filter({ mlt_affine_available($0) != nil }) {
      let weights = Tensor(values, shape: [8, 1024])
      let status = try quantize(weights, bits: 4, group: 32, version: version, offset: 0).status
      #expect(status == Int64((3 * 1024 + column) / 32))
    }
  }
}
