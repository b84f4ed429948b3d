// Weights stored as codes of a small number type, with a scale for each group: the small floats of MLX's modes mxfp4, nvfp4
// and mxfp8, FP8 with scales of any extent, and integers whose scales are too fine for MLX's affine format.
//
// value = round(number · scale) in f32; for unsigned integers round((number − zero) · scale). Nothing else is rounded, so
// these are the values that the tools compute that wrote the files.

import CKernels
import SafeIO

/// A number type of 4 or 8 bits.
package enum NumberFormat: String, Sendable, CaseIterable {
  /// One sign, two exponent and one mantissa bit: 0, 0.5, 1, 1.5, 2, 3, 4, 6. Two in a byte, the first in the low half.
  case e2m1
  /// Without infinities; the largest is 448.
  case e4m3
  case e5m2
  case int8
  /// Less the zero of the group.
  case uint8

  package var bits: Int { self == .e2m1 ? 4 : 8 }

  /// The format as `CKernels` calls it.
  package var stored: mlt_format {
    switch self {
    case .e2m1: MLT_E2M1
    case .e4m3: MLT_E4M3
    case .e5m2: MLT_E5M2
    case .int8: MLT_I8
    case .uint8: MLT_U8
    }
  }
}

/// Weights `[rows, columns]` as codes of a number type times scales.
package final class GroupedScaledWeights: StoredWeights, @unchecked Sendable {  // the tensors are immutable
  /// Which columns of a row share a scale.
  package enum Groups {
    /// Successive columns; the last group may be shorter.
    case runs(of: Int)
    /// i32 `[columns]`: the group of each column.
    case listed(Tensor)
  }

  package let number: NumberFormat
  /// Bytes `[rows, columns · bits / 8]`, whatever their type and shape in the file.
  package let codes: Tensor
  /// `[rows, groups of a row]` in f32, bf16 or f16.
  package let scales: Tensor
  /// What is subtracted from unsigned integers, as `scales`; nil where nothing is.
  package let zeros: Tensor?
  package let groups: Groups
  package let arithmetic: Arithmetic
  package let columns: Int

  /// Takes the parts of a matrix, which the reader has found to belong together.
  ///
  /// - Parameter columns: a multiple of 16 for `e2m1`.
  package init(
    _ number: NumberFormat, codes: Tensor, columns: Int, scales: Tensor, zeros: Tensor? = nil, groups: Groups,
    arithmetic: Arithmetic = .exact
  ) {
    let rows = scales.shape[0]
    precondition(
      scales.rank == 2 && codes.byteCount == rows * columns * number.bits / 8
        && zeros.map { $0.shape == scales.shape && $0.dtype == scales.dtype && number == .uint8 } ?? true,
      "\(codes), \(scales) and \(zeros.map { "\($0)" } ?? "no zeros") are no matrix of \(columns) columns")
    switch groups {
    case .runs(let size):
      precondition(
        size > 0 && scales.shape[1] == (columns + size - 1) / size && (number != .e2m1 || size % 16 == 0),
        "\(scales) does not scale groups of \(size) in \(columns) columns")
    case .listed(let list):
      precondition(
        list.dtype == .i32 && list.shape == [columns] && scales.dtype == .f32 && number != .e2m1,
        "\(list) does not name the groups of \(columns) columns")
      precondition(
        list.integers().allSatisfy { scales.shape[1] > $0 && $0 >= 0 }, "a column has a group without a scale"
      )
    }
    self.number = number
    self.codes = codes.detached()
    self.columns = columns
    self.scales = scales.detached()
    self.zeros = zeros?.detached()
    self.groups = groups
    self.arithmetic = arithmetic
  }

  /// The same matrix with another rounding of products.
  package func with(_ arithmetic: Arithmetic) -> GroupedScaledWeights {
    GroupedScaledWeights(
      number, codes: codes, columns: columns, scales: scales, zeros: zeros, groups: groups,
      arithmetic: arithmetic)
  }

  package var rows: Int { scales.shape[0] }

  package var byteCount: Int {
    codes.byteCount + scales.byteCount + (zeros?.byteCount ?? 0)
  }

  var stored: mlt_matrix {
    var (group, list) = (0, UnsafePointer<Int32>?.none)
    switch groups {
    case .runs(let size): group = size
    case .listed(let columns): (group, list) = (scales.shape[1], columns.indexSource)
    }
    return mlt_matrix(
      values: codes.storage.address, rows: Int64(rows), columns: Int64(columns),
      row_bytes: Int64(columns * number.bits / 8), format: number.stored,
      scale_format: scales.dtype.storedFormat, scales: scales.storage.address,
      biases: zeros?.storage.address, group: Int64(group), column_groups: list)
  }
}

extension Tensor {
  /// Scales of u8 codes as bf16, which holds all of them: powers of two (E8M0), or E4M3.
  package func scales(arePowers: Bool) -> Tensor {
    let output = Tensor.uninitialized(shape, dtype: .bf16)
    defer { withExtendedLifetime(storage) {} }
    mlt_scales_to_bf16(
      arePowers ? MLT_POWERS : MLT_E4M3_SCALES, storage.address.assumingMemoryBound(to: UInt8.self),
      output.storage.address.assumingMemoryBound(to: UInt16.self), Int64(count))
    return output
  }
}
