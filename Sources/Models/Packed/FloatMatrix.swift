// A packed matrix of small floats: FP8, NVFP4 and MXFP4 as compressed-tensors and others write them. Its codes are read by
// kernels as they lie in the file.

import SafeIO
import TensorCore
import WeightFiles

/// Small floats with scales.
final class FloatMatrix: PackedMatrix {
  private let form: PackedFloats
  private let weights: GroupedScaledWeights
  /// The scales as they are stored, where MLX stores the same.
  private let storedScales: Tensor

  init(_ form: PackedFloats, _ source: any WeightSource) throws(Failure) {
    self.form = form
    storedScales = try source.tensor(form.scales)
    var scales: Tensor
    switch storedScales.dtype {
    case .u8: scales = storedScales.scales(arePowers: true)
    case .f8e8m0, .f8e4m3: scales = storedScales.cast(to: .bf16)
    default: scales = storedScales
    }
    if let divisor = form.divisor {
      scales = scales.cast(to: .f32) / (try source.tensor(divisor.name))
    }
    let (rows, columns) = (form.rows, form.columns)
    let size: Int
    switch form.extent {
    case .matrix:
      scales = scales.reshaped([1, 1]).rows(Array(repeating: 0, count: rows))
      size = columns
    case .row:
      scales = scales.reshaped([rows, 1])
      size = columns
    case .group(let columns): size = columns
    case .block(let height, let width):
      scales = scales.rows((0..<rows).map { $0 / height })
      size = width
    }
    weights = GroupedScaledWeights(
      form.number, codes: try source.tensor(form.codes), columns: columns, scales: scales,
      groups: .runs(of: max(1, size)))
  }

  /// The grids that are MLX's too: powers of two for groups of 32.
  var mlx: (setting: QuantizationSetting, scales: DType)? {
    guard form.extent == .group(32), [.u8, .f8e8m0].contains(form.scales.dtype), form.columns % 32 == 0 else {
      return nil
    }
    switch form.number {
    case .e2m1: return (QuantizationMode.mxfp4.defaultSetting, .u8)
    case .e4m3: return (QuantizationMode.mxfp8.defaultSetting, .u8)
    default: return nil
    }
  }

  func mlxParts(rows: Range<Int>) -> [Tensor] {
    let words = form.columns * form.number.bits / 32
    return [
      weights.codes.bytes(rows: rows, of: form.rows, as: .u32, columns: words),
      storedScales.bytes(rows: rows, of: form.rows, as: .u8, columns: form.columns / 32),
    ]
  }

  func floats(rows: Range<Int>) -> Tensor { weights.gather(rows.map(Int32.init)) }

  func matrix(_ arithmetic: Arithmetic) -> any WeightMatrix { weights.with(arithmetic) }
}

extension Tensor {
  /// Rows of a matrix by their numbers.
  fileprivate func rows(_ numbers: [Int]) -> Tensor {
    let output = Tensor.uninitialized([numbers.count] + shape.dropFirst(), dtype: dtype)
    let size = byteCount / Swift.max(1, shape[0])
    withBytes { source in
      output.withMutableBytes { target in
        for (place, number) in numbers.enumerated() {
          UnsafeMutableRawBufferPointer(rebasing: target[place * size..<(place + 1) * size])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[number * size..<(number + 1) * size]))
        }
      }
    }
    return output
  }

  /// The bytes of some of `count` rows as elements of another type.
  fileprivate func bytes(rows: Range<Int>, of count: Int, as type: DType, columns: Int) -> Tensor {
    let output = Tensor.uninitialized([rows.count, columns], dtype: type)
    let size = byteCount / Swift.max(1, count)
    withBytes { source in
      output.withMutableBytes {
        $0.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[rows.lowerBound * size..<rows.upperBound * size]))
      }
    }
    return output
  }
}
