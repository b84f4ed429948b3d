// Random stored matrices in every format, with their values worked out the slow way: the reference for the kernels.

import CKernels
import TensorCore

/// How a test matrix is stored.
struct StoredForm: Sendable, CustomStringConvertible {
  let format: mlt_format
  /// Bits of a code, or of a float.
  let bits: Int
  /// Columns that share a scale; 1 for floats.
  let group: Int
  var scaleType = DType.bf16

  var isAffine: Bool { MLT_AFFINE2.rawValue...MLT_AFFINE8.rawValue ~= format.rawValue }

  /// The number type of the codes; nil for floats and the affine formats.
  var number: NumberFormat? { NumberFormat.allCases.first { $0.stored == format } }

  var description: String {
    if let number { return "\(number) in groups of \(group), \(scaleType) scales" }
    return isAffine
      ? "affine \(bits) bits, groups of \(group), \(scaleType) scales" : bits == 32 ? "f32" : "\(dtype)"
  }

  var dtype: DType { format == MLT_F32 ? .f32 : format == MLT_BF16 ? .bf16 : .f16 }

  static let floats = [
    StoredForm(format: MLT_F32, bits: 32, group: 1), StoredForm(format: MLT_BF16, bits: 16, group: 1),
    StoredForm(format: MLT_F16, bits: 16, group: 1),
  ]

  static let affine: [StoredForm] = [
    (MLT_AFFINE2, 2), (MLT_AFFINE3, 3), (MLT_AFFINE4, 4), (MLT_AFFINE5, 5), (MLT_AFFINE6, 6),
    (MLT_AFFINE8, 8),
  ].flatMap { format, bits in
    [(32, DType.f16), (64, .bf16), (128, .f32)].map {
      StoredForm(format: format, bits: bits, group: $0.0, scaleType: $0.1)
    }
  }

  static let numbers: [StoredForm] = [
    (MLT_E2M1, 4, 16, DType.bf16), (MLT_E2M1, 4, 32, .f32), (MLT_E4M3, 8, 32, .bf16),
    (MLT_E4M3, 8, 128, .f32),
    (MLT_E5M2, 8, 40, .f16), (MLT_I8, 8, 1000, .f32), (MLT_U8, 8, 48, .f32), (MLT_U8, 8, 64, .bf16),
  ].map { StoredForm(format: $0.0, bits: $0.1, group: $0.2, scaleType: $0.3) }

  static let all = floats + affine + numbers

  /// Columns of so many groups; where the last group may be shorter, it is.
  func columns(_ groups: Int) -> Int { groups * group - (number != nil && bits == 8 ? 5 : 0) }
}

/// Splitmix64 (Steele, Lea, Flood 2014): the same numbers on every run.
struct Splitmix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in Float.random(in: -scale...scale, using: &self) }
  }
}

/// A stored matrix and what its weights are.
final class StoredSample {
  let form: StoredForm
  let rows: Int
  let columns: Int
  /// f32 `[rows, columns]`.
  let values: [Float]
  let weights: any WeightMatrix
  /// What the kernels get; valid while the sample lives.
  let matrix: mlt_matrix
  private let parts: [Tensor]

  init(
    _ form: StoredForm, rows: Int, columns: Int, seed: UInt64 = 1, arithmetic: Arithmetic = .exact
  ) throws {
    var random = Splitmix(state: seed)
    self.form = form
    self.rows = rows
    self.columns = columns
    if let number = form.number {
      let count = (columns + form.group - 1) / form.group
      let codes = Tensor.uninitialized([rows, columns * form.bits / 8], dtype: .u8)
      codes.withMutableBytes { bytes in
        for place in bytes.indices {
          let code = UInt8.random(in: 0...255, using: &random)
          // Neither infinite nor NaN.
          bytes[place] = number == .e4m3 || number == .e5m2 ? code & 0x80 | (code & 0x7f) % 0x7b : code
        }
      }
      let scales = Tensor(random.floats(rows * count, scale: 0.1), shape: [rows, count]).cast(
        to: form.scaleType)
      let zeros =
        number == .uint8
        ? Tensor((0..<rows * count).map { Float($0 % 256) }, shape: [rows, count]).cast(to: form.scaleType)
        : nil
      let (s, z) = (scales.floats(), zeros?.floats())
      let bytes = codes.withBytes { [UInt8]($0) }
      values = (0..<rows * columns).map { index in
        let group = index / columns * count + index % columns / form.group
        let code = number == .e2m1 ? bytes[index / 2] >> (index % 2 == 0 ? 0 : 4) & 15 : bytes[index]
        return (StoredSample.value(code, number) - (z?[group] ?? 0)) * s[group]
      }
      weights = GroupedScaledWeights(
        number, codes: codes, columns: columns, scales: scales, zeros: zeros, groups: .runs(of: form.group),
        arithmetic: arithmetic)
      parts = [codes, scales] + (zeros.map { [$0] } ?? [])
      matrix = mlt_matrix(
        values: StoredSample.address(codes), rows: Int64(rows), columns: Int64(columns),
        row_bytes: Int64(columns * form.bits / 8), format: form.format,
        scale_format: form.scaleType.storedFormat,
        scales: StoredSample.address(scales), biases: zeros.flatMap { StoredSample.address($0) },
        group: Int64(form.group), column_groups: nil)
      return
    }
    guard form.isAffine else {
      let stored = Tensor(random.floats(rows * columns), shape: [rows, columns]).cast(to: form.dtype)
      values = stored.floats()
      weights = DenseWeights(stored, arithmetic: arithmetic)
      parts = [stored]
      matrix = mlt_matrix(
        values: StoredSample.address(stored), rows: Int64(rows), columns: Int64(columns),
        row_bytes: Int64(columns * form.bits / 8), format: form.format, scale_format: MLT_F32, scales: nil,
        biases: nil, group: 0, column_groups: nil)
      return
    }
    let codes = (0..<rows * columns).map { _ in
      UInt32.random(in: 0..<(1 << UInt32(form.bits)), using: &random)
    }
    let shape = [rows, columns / form.group]
    let scales = Tensor(random.floats(shape[0] * shape[1], scale: 0.1), shape: shape).cast(to: form.scaleType)
    let biases = Tensor(random.floats(shape[0] * shape[1]), shape: shape).cast(to: form.scaleType)
    let words = StoredSample.packed(codes, bits: form.bits)
    let stored = Tensor.uninitialized([rows, columns * form.bits / 32], dtype: .u32)
    stored.withMutableBytes { bytes in
      words.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    let (s, b) = (scales.floats(), biases.floats())
    values = codes.indices.map { index in
      let scaled = Float(codes[index]) * s[index / form.group]
      return scaled + b[index / form.group]
    }
    weights = try GroupedAffineWeights(
      codes: stored, scales: scales, biases: biases, bits: form.bits, groupSize: form.group,
      arithmetic: arithmetic, place: "sample")
    parts = [stored, scales, biases]
    let type = form.scaleType == .f32 ? MLT_F32 : form.scaleType == .bf16 ? MLT_BF16 : MLT_F16
    matrix = mlt_matrix(
      values: StoredSample.address(stored), rows: Int64(rows), columns: Int64(columns),
      row_bytes: Int64(columns * form.bits / 8), format: form.format, scale_format: type,
      scales: StoredSample.address(scales), biases: StoredSample.address(biases), group: Int64(form.group),
      column_groups: nil)
  }

  /// The number of a code, from its sign, exponent and mantissa.
  private static func value(_ code: UInt8, _ number: NumberFormat) -> Float {
    let fields: (exponent: Int, mantissa: Int, bias: Int)
    switch number {
    case .int8: return Float(Int8(bitPattern: code))
    case .uint8: return Float(code)
    case .e2m1: fields = (2, 1, 1)
    case .e4m3: fields = (4, 3, 7)
    case .e5m2: fields = (5, 2, 15)
    }
    let mantissa = Int(code) & ((1 << fields.mantissa) - 1)
    let exponent = Int(code) >> fields.mantissa & ((1 << fields.exponent) - 1)
    let sign: FloatingPointSign = code >> UInt8(number.bits - 1) == 1 ? .minus : .plus
    return Float(
      sign: sign, exponent: max(exponent, 1) - fields.bias - fields.mantissa,
      significand: Float(mantissa + (exponent > 0 ? 1 << fields.mantissa : 0)))
  }

  private static func address(_ tensor: Tensor) -> UnsafeRawPointer? { tensor.withBytes { $0.baseAddress } }

  /// One stream of bits, least significant first, bit by bit.
  private static func packed(_ codes: [UInt32], bits: Int) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: codes.count * bits / 32)
    for (index, code) in codes.enumerated() {
      for bit in 0..<bits where code >> UInt32(bit) & 1 == 1 {
        words[(index * bits + bit) / 32] |= 1 << UInt32((index * bits + bit) % 32)
      }
    }
    return words
  }

  /// `x · Wᵀ` in double, or `x · W` if `back`.
  func product(_ x: [Float], m: Int, back: Bool) -> [Double] {
    let (k, n) = back ? (rows, columns) : (columns, rows)
    var result = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for l in 0..<k {
          sum += Double(x[i * k + l]) * Double(back ? values[l * columns + j] : values[j * columns + l])
        }
        result[i * n + j] = sum
      }
    }
    return result
  }
}

/// Largest difference, relative to what `terms` products of this size may lose in f32: terms · ulp / 2 of the sum of
/// magnitudes would be a bound; random signs stay well below √terms of it.
func relativeError(_ ours: [Float], _ reference: [Double]) -> Double {
  let size = reference.reduce(0) { max($0, abs($1)) }
  return zip(ours, reference).reduce(0) { worst, pair in
    let difference = abs(Double(pair.0) - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  } / max(size, 1e-30)
}
