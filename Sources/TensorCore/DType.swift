// The element types that weight files hold. Arithmetic happens in f32; the others are storage, ids and masks.

/// The type of a tensor's elements; raw values are mlt's own spelling.
package enum DType: String, Sendable, CaseIterable {
  case f64
  case f32
  case f16
  case bf16
  case i64
  case i32
  case i16
  case i8
  case u64
  case u32
  case u16
  case u8
  case bool
  case f8e4m3
  case f8e5m2
  case f8e8m0
  /// With one zero, whose negative is the only NaN, and an exponent that is biased by one more.
  case f8e4m3fnuz
  case f8e5m2fnuz
  /// Four elements in three bytes, one stream of bits from the least significant on.
  case f6e2m3
  case f6e3m2
  /// Two elements in a byte, the first in its low half.
  case f4
  /// A pair of f32, which is moved but not computed with.
  case c64

  /// Bits of one element.
  package var bits: Int {
    switch self {
    case .f64, .i64, .u64, .c64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .i8, .u8, .bool, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .f6e2m3, .f6e3m2: 6
    case .f4: 4
    }
  }

  /// Bytes of one element; of types whose elements share bytes, those that one touches at least.
  package var size: Int { max(1, bits / 8) }

  /// Whether elements share bytes, so that only whole tensors have an address.
  package var isPacked: Bool { bits < 8 }

  /// Bytes of so many elements.
  ///
  /// - Precondition: it fits an `Int`.
  package func byteCount(_ count: Int) -> Int { isPacked ? (count * bits + 7) / 8 : count * size }

  /// Whether the type holds real numbers.
  package var isFloat: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .f6e2m3, .f6e3m2,
      .f4:
      true
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool, .c64: false
    }
  }
}
