// The alphabet of byte-level BPE: one visible character for each of the 256 bytes, so that a vocabulary of byte
// strings can be written as text. Source: `bytes_to_unicode` in openai/gpt-2, src/encoder.py.

/// The characters that stand for bytes.
enum ByteAlphabet {
  /// The scalar of each byte: printable Latin-1 stands for itself, the others follow from U+0100 on.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return UInt32(byte)
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The byte that a scalar stands for, nil when it is not in the alphabet.
  static func byte(of scalar: UInt32) -> UInt8? {
    guard scalar < 0x144, bytes[Int(scalar)] >= 0 else { return nil }
    return UInt8(bytes[Int(scalar)])
  }

  /// `bytes` in this alphabet.
  static func spelling(of bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes { UTF8Text.append(scalars[Int(byte)], to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` spells, nil when one of its characters is not in the alphabet.
  static func bytes(spelledBy text: some StringProtocol) -> [UInt8]? {
    var spelled: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = byte(of: scalar.value) else { return nil }
      spelled.append(byte)
    }
    return spelled
  }
}
