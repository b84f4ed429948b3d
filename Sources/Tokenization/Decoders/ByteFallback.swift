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

  /// The ids of the byte tokens of a vocabulary.
  struct Tokens: Sendable {
    /// -1 where the vocabulary has none.
    private let ids: [Int32]

    init(_ vocabulary: Vocabulary) {
      ids = (0..<256).map { vocabulary.id(of: ByteFallback.token(of: UInt8($0))) ?? -1 }
    }

    /// A token for every byte, nil when one of them has none.
    func ids(of bytes: some Collection<UInt8>) -> [Int32]? {
      let found = bytes.map { ids[Int($0)] }
      return found.contains(-1) ? nil : found
    }
  }
}
