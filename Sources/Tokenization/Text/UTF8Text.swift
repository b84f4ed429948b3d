// Walking UTF-8 without going through `String`: the steps of a tokenizer look at single scalars and cut at byte
// positions, some hundred million times. The bytes come from a `String`, so they are valid.

/// Single scalars in valid UTF-8.
enum UTF8Text {
  /// The scalar that starts at `index`, and its length in bytes.
  @inline(__always)
  static func scalar(in bytes: [UInt8], at index: Int) -> (value: UInt32, length: Int) {
    let lead = bytes[index]
    if lead < 0x80 { return (UInt32(lead), 1) }
    if lead < 0xe0 { return (UInt32(lead & 0x1f) << 6 | tail(bytes, index + 1), 2) }
    if lead < 0xf0 {
      return (UInt32(lead & 0x0f) << 12 | tail(bytes, index + 1) << 6 | tail(bytes, index + 2), 3)
    }
    let high = UInt32(lead & 0x07) << 18 | tail(bytes, index + 1) << 12
    return (high | tail(bytes, index + 2) << 6 | tail(bytes, index + 3), 4)
  }

  /// Where the scalar before `index` starts.
  @inline(__always)
  static func start(before index: Int, in bytes: [UInt8]) -> Int {
    var start = index - 1
    while isContinuation(bytes[start]) { start -= 1 }
    return start
  }

  /// How many bytes a scalar with this first byte has.
  @inline(__always)
  static func length(ofLead lead: UInt8) -> Int { lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4 }

  /// How many bytes a scalar has.
  @inline(__always)
  static func length(of scalar: UInt32) -> Int {
    scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
  }

  /// Whether a byte is not the first of its scalar.
  @inline(__always)
  static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }

  /// Appends a scalar.
  @inline(__always)
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    if scalar < 0x80 {
      bytes.append(UInt8(scalar))
    } else if scalar < 0x800 {
      bytes.append(UInt8(0xc0 | scalar >> 6))
      bytes.append(UInt8(0x80 | scalar & 0x3f))
    } else if scalar < 0x10000 {
      bytes.append(UInt8(0xe0 | scalar >> 12))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3f))
      bytes.append(UInt8(0x80 | scalar & 0x3f))
    } else {
      bytes.append(UInt8(0xf0 | scalar >> 18))
      bytes.append(UInt8(0x80 | scalar >> 12 & 0x3f))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3f))
      bytes.append(UInt8(0x80 | scalar & 0x3f))
    }
  }

  /// How many scalars stand in `range`.
  static func count(in bytes: [UInt8], _ range: Range<Int>) -> Int {
    var count = 0
    for index in range where !isContinuation(bytes[index]) { count += 1 }
    return count
  }

  /// How many scalars `bytes` are.
  static func count(in bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 + (isContinuation($1) ? 0 : 1) }
  }

  @inline(__always)
  private static func tail(_ bytes: [UInt8], _ index: Int) -> UInt32 { UInt32(bytes[index] & 0x3f) }
}
