// Base64 (RFC 4648, section 4), as tokenizer files hold bytes in it.

/// The common alphabet of base64, with padding.
enum Base64 {
  private static let digits = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xff, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  /// The bytes that `text` stands for, nil when it is malformed.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    var count = 0
    var padding = 0
    for digit in text {
      if digit == UInt8(ascii: "=") {
        padding += 1
        group <<= 6
      } else {
        let value = values[Int(digit)]
        guard value != 0xff, padding == 0 else { return nil }
        group = group << 6 | UInt32(value)
      }
      count += 1
      if count == 4 {
        guard padding <= 2 else { return nil }
        for index in 0..<3 - padding {
          bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(16 - index * 8)))
        }
        (group, count) = (0, 0)
      }
    }
    return bytes
  }

  /// `bytes` as base64.
  static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var group: UInt32 = 0
    var count = 0
    func put() {
      for index in 0..<4 {
        let value = (group << UInt32((3 - count) * 8)) >> UInt32(18 - index * 6) & 63
        text.append(index <= count ? digits[Int(value)] : UInt8(ascii: "="))
      }
    }
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      count += 1
      if count == 3 {
        put()
        (group, count) = (0, 0)
      }
    }
    if count > 0 { put() }
    return String(decoding: text, as: UTF8.self)
  }
}
