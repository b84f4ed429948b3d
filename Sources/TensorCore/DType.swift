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

  /// Bytes of one element.
  package var size: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool, .f8e4m3, .f8e5m2, .f8e8m0: 1
    }
  }

  /// Whether the type holds real numbers.
  package var isFloat: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2, .f8e8m0: true
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: false
    }
  }
}
