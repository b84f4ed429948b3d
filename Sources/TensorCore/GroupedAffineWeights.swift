// MLX's affine format: integer codes of 2 to 8 bits, and a scale and a bias for every group of columns.
//
// value = round(round(code · scale) + bias) in f32, from scales and biases widened to f32. Codes of a row form one
// little-endian bit stream, least significant bit first, seen as u32 words (mlx 0.32, `mlx.core.quantize`).
//
// One Ice Lake thread, 8192 x 2048 weights, group 64: 512 rows 125 to 143 GFLOP/s in 4 and 8 bits (73 to 83 % of the
// multiply-add peak; 1.1 to 1.25 times OpenBLAS on f32). One row: 8 bits 13 GB/s of codes (the memory's limit), 4 bits 8.6 to
// 9.5 GB/s (75 to 80 % of it), 2 and 3 bits 16 to 20 billion weights a second, 5 and 6 bits half of that.

import CKernels
import Glibc
import SafeIO
import Synchronization

/// Weights `[rows, columns]` in MLX's affine format.
package final class GroupedAffineWeights: StoredWeights, @unchecked Sendable {  // the tensors are immutable
  /// Bits of a code that can be stored.
  package static let supportedBits = [2, 3, 4, 5, 6, 8]
  /// Columns that can share a scale and a bias.
  package static let supportedGroupSizes = [32, 64, 128]

  /// Bits of a code.
  package let bits: Int
  /// Columns that share a scale and a bias.
  package let groupSize: Int
  /// u32 `[rows, columns · bits / 32]`.
  package let codes: Tensor
  /// `[rows, columns / groupSize]` in f32, bf16 or f16.
  package let scales: Tensor
  /// As `scales`.
  package let biases: Tensor
  package let arithmetic: Arithmetic
  private let turnedForm = Mutex<TurnedWeights?>(nil)

  /// Takes the three tensors of a quantized matrix as they stand in a file.
  ///
  /// - Parameter place: What to call the matrix in an error: file and tensor name.
  /// - Throws: `Failure.badData` when types or shapes do not belong together.
  package init(
    codes: Tensor, scales: Tensor, biases: Tensor, bits: Int, groupSize: Int,
    arithmetic: Arithmetic = .exact, place: String
  ) throws(Failure) {
    guard GroupedAffineWeights.supportedBits.contains(bits),
      GroupedAffineWeights.supportedGroupSizes.contains(groupSize)
    else {
      throw .badData(
        place,
        "\(bits) bits in groups of \(groupSize) are not supported; bits can be 2, 3, 4, 5, 6 or 8, groups 32, 64 or 128"
      )
    }
    guard codes.dtype == .u32, codes.rank == 2 else {
      throw .badData(place, "the codes of quantized weights must be a u32 matrix, not \(codes)")
    }
    // A matrix without rows has no bytes, so its file can claim rows of any length.
    let (rowBits, isOverflow) = codes.shape[1].multipliedReportingOverflow(by: 32)
    let (rows, columns) = (codes.shape[0], rowBits / bits)
    guard !isOverflow, rowBits % bits == 0, columns % groupSize == 0 else {
      throw .badData(
        place,
        "rows of \(codes.shape[1]) words do not hold whole groups of \(groupSize) codes of \(bits) bits; "
          + "config.json and weights disagree")
    }
    for (name, tensor) in [("scales", scales), ("biases", biases)] {
      guard [.f32, .bf16, .f16].contains(tensor.dtype), tensor.shape == [rows, columns / groupSize] else {
        throw .badData(
          place,
          "the \(name) must be floats [\(rows), \(columns / groupSize)] to fit the codes, not \(tensor)")
      }
    }
    guard scales.dtype == biases.dtype else {
      throw .badData(place, "scales are \(scales.dtype) but biases \(biases.dtype)")
    }
    self.bits = bits
    self.arithmetic = arithmetic
    self.groupSize = groupSize
    self.codes = codes.detached()
    self.scales = scales.detached()
    self.biases = biases.detached()
  }

  package var byteCount: Int { codes.count * 4 + 2 * scales.count * scales.dtype.size }

  var stored: mlt_matrix {
    mlt_matrix(
      values: codes.storage.address, rows: Int64(codes.shape[0]), columns: Int64(codes.shape[1] * 32 / bits),
      row_bytes: Int64(codes.shape[1] * 4), format: format, scale_format: scales.dtype.storedFormat,
      scales: scales.storage.address, biases: biases.storage.address, group: Int64(groupSize),
      column_groups: nil)
  }

  /// Whether activations of products are rounded to 8 bits.
  var multipliesInEightBits: Bool {
    arithmetic == .eightBit && [4, 8].contains(bits) && columns > Arithmetic.exactColumns
  }

  func multiply(_ x: SharedActivations) -> Tensor {
    guard multipliesInEightBits else {
      return withExtendedLifetime(self) { Gemm.multiply(x, stored, arithmetic) }
    }
    precondition(
      x.x.rank == 2 && x.x.shape[1] == columns,
      "\(x.x) cannot be multiplied by a weight [\(rows), \(columns)]")
    return EightBitProduct.multiply(PackedActivations(x.x, groupSize: groupSize), by: [self])[0]
  }

  package func prepare() { if multipliesInEightBits { _ = turned } }

  /// The matrix as products in 8 bits want it, made at its first use.
  ///
  /// The pages of the file are not needed then, but for rows that are gathered, which are read anew.
  var turned: TurnedWeights {
    turnedForm.withLock { form in
      if let form { return form }
      let made = withExtendedLifetime(self) { TurnedWeights(stored) }
      for tensor in [codes, scales, biases] { tensor.storage.forget() }
      form = made
      return made
    }
  }

  private var format: mlt_format {
    switch bits {
    case 2: MLT_AFFINE2
    case 3: MLT_AFFINE3
    case 4: MLT_AFFINE4
    case 5: MLT_AFFINE5
    case 6: MLT_AFFINE6
    default: MLT_AFFINE8
    }
  }
}

extension Storage {
  /// Gives the pages of a mapped file back to the system; they are read anew when they are needed again.
  ///
  /// Only pages that hold nothing else. Pooled memory is left alone.
  fileprivate func forget() {
    guard !isWritable else { return }
    let page = Int(getpagesize())
    let begin = (Int(bitPattern: address) + page - 1) / page * page
    let end = (Int(bitPattern: address) + byteCount) / page * page
    guard begin < end, let start = UnsafeMutableRawPointer(bitPattern: begin) else { return }
    madvise(start, end - begin, MADV_DONTNEED)
  }
}
