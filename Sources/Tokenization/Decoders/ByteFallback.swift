// Tokens that stand for single bytes: `<0x0A>`.

/// The spelling of byte tokens.
enum ByteFallback {
  /// `<0x0A>` for 10.
  static func token(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.utf8.count < 2 ? "0" : "")\(digits)>"
  }

  /// The byte that a token stands for, nil when it is no byte token.
  static func byte(of token: String) -> UInt8? {
    let utf8 = token.utf8
    guard utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    return UInt8(token.dropFirst(3).dropLast(), radix: 16)
  }
}
