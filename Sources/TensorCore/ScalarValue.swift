// One element of any type, for conversions that are not worth a kernel.

/// An element as the widest type of its kind, which holds it exactly.
enum ScalarValue {
  case float(Double)
  case integer(Int64)
  case unsigned(UInt64)

  init(reading place: UnsafeRawPointer, as type: DType) {
    switch type {
    case .f64: self = .float(place.loadUnaligned(as: Double.self))
    case .f32: self = .float(Double(place.loadUnaligned(as: Float.self)))
    case .f16: self = .float(SmallFloat.f16.value(Int(place.loadUnaligned(as: UInt16.self))))
    case .bf16: self = .float(SmallFloat.bf16.value(Int(place.loadUnaligned(as: UInt16.self))))
    case .i64: self = .integer(place.loadUnaligned(as: Int64.self))
    case .i32: self = .integer(Int64(place.loadUnaligned(as: Int32.self)))
    case .i16: self = .integer(Int64(place.loadUnaligned(as: Int16.self)))
    case .i8: self = .integer(Int64(place.loadUnaligned(as: Int8.self)))
    case .u64: self = .unsigned(place.loadUnaligned(as: UInt64.self))
    case .u32: self = .integer(Int64(place.loadUnaligned(as: UInt32.self)))
    case .u16: self = .integer(Int64(place.loadUnaligned(as: UInt16.self)))
    case .u8: self = .integer(Int64(place.loadUnaligned(as: UInt8.self)))
    case .bool: self = .integer(place.loadUnaligned(as: UInt8.self) == 0 ? 0 : 1)
    case .f8e4m3: self = .float(SmallFloat.e4m3.value(Int(place.loadUnaligned(as: UInt8.self))))
    case .f8e5m2: self = .float(SmallFloat.e5m2.value(Int(place.loadUnaligned(as: UInt8.self))))
    case .f8e8m0: self = .float(SmallFloat.e8m0.value(Int(place.loadUnaligned(as: UInt8.self))))
    case .f8e4m3fnuz: self = .float(SmallFloat.e4m3fnuz.value(Int(place.loadUnaligned(as: UInt8.self))))
    case .f8e5m2fnuz: self = .float(SmallFloat.e5m2fnuz.value(Int(place.loadUnaligned(as: UInt8.self))))
    case .f6e2m3, .f6e3m2, .f4, .c64: preconditionFailure("an element of \(type) is no scalar at an address")
    }
  }

  /// Writes the nearest value of a type.
  ///
  /// Floats become integers toward zero, held to the type's range (NaN is 0); integers wrap.
  func write(to place: UnsafeMutableRawPointer, as type: DType) {
    func store<Value: BitwiseCopyable>(_ value: Value) { place.storeBytes(of: value, as: Value.self) }
    switch type {
    case .f64: store(double)
    case .f32: store(float)
    case .f16: store(UInt16(SmallFloat.f16.code(double)))
    case .bf16: store(UInt16(SmallFloat.bf16.code(double)))
    case .f8e4m3: store(UInt8(SmallFloat.e4m3.code(double)))
    case .f8e5m2: store(UInt8(SmallFloat.e5m2.code(double)))
    case .f8e8m0: store(UInt8(SmallFloat.e8m0.code(double)))
    case .f8e4m3fnuz: store(UInt8(SmallFloat.e4m3fnuz.code(double)))
    case .f8e5m2fnuz: store(UInt8(SmallFloat.e5m2fnuz.code(double)))
    case .f6e2m3, .f6e3m2, .f4, .c64: preconditionFailure("an element of \(type) is no scalar at an address")
    case .i64: store(whole(Int64.self))
    case .i32: store(whole(Int32.self))
    case .i16: store(whole(Int16.self))
    case .i8: store(whole(Int8.self))
    case .u64: store(whole(UInt64.self))
    case .u32: store(whole(UInt32.self))
    case .u16: store(whole(UInt16.self))
    case .u8: store(whole(UInt8.self))
    case .bool: store(isZero ? UInt8(0) : UInt8(1))
    }
  }
}

extension ScalarValue {
  private var double: Double {
    switch self {
    case .float(let value): value
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    }
  }

  private var float: Float {
    switch self {
    case .float(let value): Float(value)
    case .integer(let value): Float(value)
    case .unsigned(let value): Float(value)
    }
  }

  private var isZero: Bool {
    switch self {
    case .float(let value): value == 0
    case .integer(let value): value == 0
    case .unsigned(let value): value == 0
    }
  }

  private func whole<Whole: FixedWidthInteger>(_ type: Whole.Type) -> Whole {
    switch self {
    case .integer(let value): return Whole(truncatingIfNeeded: value)
    case .unsigned(let value): return Whole(truncatingIfNeeded: value)
    case .float(let value):
      if value.isNaN { return 0 }
      return Whole(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
  }
}

/// A float type of at most 16 bits, described by its fields.
///
/// Sources: IEEE 754 (f16), OCP 8-bit Floating Point Specification 1.0 (e4m3 without infinities, e5m2), OCP
/// Microscaling Formats 1.0 (e8m0: powers of two without sign; e2m3, e3m2 and e2m1: neither infinity nor NaN), Noune et al.
/// 2022, arXiv:2206.02915 (fnuz: one zero, whose negative is NaN).
struct SmallFloat {
  let mantissaBits: Int
  let bias: Int
  /// Exponent of the smallest normal number.
  let leastExponent: Int
  let signBit: Int
  /// The code after the largest finite one: infinity, or NaN where there is none.
  let overflow: Int
  /// Nil where there is none: then what is too large becomes the largest, and NaN zero.
  let nan: Int?
  let hasInfinity: Bool

  static let f16 = SmallFloat(
    mantissaBits: 10, bias: 15, leastExponent: -14, signBit: 0x8000, overflow: 0x7c00, nan: 0x7e00,
    hasInfinity: true)
  static let bf16 = SmallFloat(
    mantissaBits: 7, bias: 127, leastExponent: -126, signBit: 0x8000, overflow: 0x7f80, nan: 0x7fc0,
    hasInfinity: true)
  static let e5m2 = SmallFloat(
    mantissaBits: 2, bias: 15, leastExponent: -14, signBit: 0x80, overflow: 0x7c, nan: 0x7e, hasInfinity: true
  )
  static let e4m3 = SmallFloat(
    mantissaBits: 3, bias: 7, leastExponent: -6, signBit: 0x80, overflow: 0x7f, nan: 0x7f, hasInfinity: false)
  static let e8m0 = SmallFloat(
    mantissaBits: 0, bias: 127, leastExponent: -127, signBit: 0, overflow: 0xff, nan: 0xff, hasInfinity: false
  )
  static let e4m3fnuz = SmallFloat(
    mantissaBits: 3, bias: 8, leastExponent: -7, signBit: 0x80, overflow: 0x80, nan: 0x80, hasInfinity: false)
  static let e5m2fnuz = SmallFloat(
    mantissaBits: 2, bias: 16, leastExponent: -15, signBit: 0x80, overflow: 0x80, nan: 0x80,
    hasInfinity: false)
  static let e2m3 = SmallFloat(
    mantissaBits: 3, bias: 1, leastExponent: 0, signBit: 0x20, overflow: 0x20, nan: nil, hasInfinity: false)
  static let e3m2 = SmallFloat(
    mantissaBits: 2, bias: 3, leastExponent: -2, signBit: 0x20, overflow: 0x20, nan: nil, hasInfinity: false)
  static let e2m1 = SmallFloat(
    mantissaBits: 1, bias: 1, leastExponent: 0, signBit: 0x8, overflow: 0x8, nan: nil, hasInfinity: false)

  /// The format of a type whose elements share bytes.
  static func packed(_ type: DType) -> SmallFloat {
    switch type {
    case .f6e2m3: e2m3
    case .f6e3m2: e3m2
    case .f4: e2m1
    default: preconditionFailure("elements of \(type) have bytes of their own")
    }
  }

  /// Whether the negative zero means NaN.
  private var hasOneZero: Bool { nan == signBit }

  func value(_ code: Int) -> Double {
    if hasOneZero && code == nan { return .nan }
    let negative = code & signBit != 0
    let magnitude = negative ? code - signBit : code
    guard magnitude < overflow else {
      guard hasInfinity && magnitude == overflow else { return .nan }
      return negative ? -.infinity : .infinity
    }
    let field = magnitude >> mantissaBits
    let isNormal = field - bias >= leastExponent
    let exponent = isNormal ? field - bias : leastExponent
    let mantissa = magnitude & ((1 << mantissaBits) - 1) | (isNormal ? 1 << mantissaBits : 0)
    let value = Double(sign: .plus, exponent: exponent - mantissaBits, significand: Double(mantissa))
    return negative ? -value : value
  }

  /// The nearest code, ties to even; beyond the largest finite value infinity, or NaN where there is none.
  func code(_ value: Double) -> Int {
    guard !value.isNaN else { return nan ?? 0 }
    let negative = value.sign == .minus
    guard signBit != 0 || !negative else { return nan ?? 0 }
    let sign = negative ? signBit : 0
    // What comes after the largest number.
    let beyond = hasOneZero ? signBit : nan == nil ? sign | (overflow - 1) : sign | overflow
    guard value.isFinite else { return beyond }
    let exponent = value == 0 ? leastExponent : max(leastExponent, Int(value.exponent))
    let unit = Double(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
    let steps = Int((value.magnitude / unit).rounded(.toNearestOrEven))
    // `steps` counts from zero in units of the last place, so a carry into the exponent comes by itself.
    let isNormal = steps >= 1 << mantissaBits
    let magnitude = isNormal ? ((exponent + bias - 1) << mantissaBits) + steps : steps
    if hasOneZero && magnitude == 0 { return 0 }
    return magnitude < overflow ? sign | magnitude : beyond
  }
}
