// A JSON string. RFC 8259 section 7 for the escapes, RFC 3629 section 4 for UTF-8. Escapes of surrogates are left
// out: what they could say, UTF-8 says, and half of a pair would not be text.

/// Matches a JSON string with its quotes, between two lengths in code points.
struct StringMatcher: ByteMatcher {
  /// Where a state stands; `MatcherState.count` is the number of characters so far.
  private enum Phase: Int32 {
    /// Before the opening quote.
    case opening
    /// Between characters.
    case body
    /// After a backslash.
    case escape
    /// Before the first hexadecimal digit, any but the last two phases allow all digits.
    case hex1, hex2, hex3, hex4
    /// After `\ud`: 8 to f would begin a surrogate.
    case hex2AfterD
    /// One, two, three continuation bytes to go.
    case tail1, tail2, tail3
    /// The first continuation byte is narrower after E0, ED, F0, F4.
    case afterE0, afterED, afterF0, afterF4
    case closed
  }

  private let minimum: Int
  private let maximum: Int
  private let alphabet: ByteSet
  private let allowsUTF8: Bool
  private let allowsHex: Bool
  private let fillerLength: Int
  private let isSpellable: Bool

  init(minimum: Int, maximum: Int, alphabet: ByteSet) {
    self.minimum = minimum
    self.maximum = min(maximum, Int(Int32.max) - 1)
    self.alphabet = alphabet
    // A character once begun must be one that can be ended.
    allowsUTF8 = alphabet.isSuperset(of: 0x80...0xBF)
    allowsHex = alphabet.isSuperset(of: UInt8(ascii: "0")...UInt8(ascii: "9"))
    isSpellable = alphabet.contains(UInt8(ascii: "\""))
    let plain = (UInt8(0x20)...0x7E).contains { $0 != 0x22 && $0 != 0x5C && alphabet.contains($0) }
    fillerLength = plain ? 1 : alphabet.contains(UInt8(ascii: "\\")) ? 2 : unreachable
  }

  let start = MatcherState(phase: Phase.opening.rawValue)

  func next(_ state: MatcherState, _ byte: UInt8) -> MatcherState? {
    guard alphabet.contains(byte), let phase = Phase(rawValue: state.phase) else { return nil }
    func go(_ phase: Phase) -> MatcherState {
      MatcherState(phase: phase.rawValue, count: state.count)
    }
    func finishCharacter() -> MatcherState {
      MatcherState(phase: Phase.body.rawValue, count: state.count + 1)
    }
    func tail(_ range: ClosedRange<UInt8>, then next: Phase?) -> MatcherState? {
      range.contains(byte) ? next.map(go) ?? finishCharacter() : nil
    }
    let isHexDigit = hexDigits.contains(byte)
    switch phase {
    case .opening: return byte == UInt8(ascii: "\"") ? go(.body) : nil
    case .body:
      if byte == UInt8(ascii: "\"") { return state.count >= minimum ? go(.closed) : nil }
      guard state.count < maximum else { return nil }
      if byte < 0x80 {
        if byte == UInt8(ascii: "\\") { return go(.escape) }
        return byte >= 0x20 ? finishCharacter() : nil
      }
      return allowsUTF8 ? lead(byte).map(go) : nil
    case .escape:
      if byte == UInt8(ascii: "u") { return allowsHex ? go(.hex1) : nil }
      return simpleEscapes.contains(byte) ? finishCharacter() : nil
    case .hex1:
      let isD = byte == UInt8(ascii: "d") || byte == UInt8(ascii: "D")
      return isHexDigit ? go(isD ? .hex2AfterD : .hex2) : nil
    case .hex2: return isHexDigit ? go(.hex3) : nil
    case .hex2AfterD: return (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) ? go(.hex3) : nil
    case .hex3: return isHexDigit ? go(.hex4) : nil
    case .hex4: return isHexDigit ? finishCharacter() : nil
    case .tail1: return tail(0x80...0xBF, then: nil)
    case .tail2: return tail(0x80...0xBF, then: .tail1)
    case .tail3: return tail(0x80...0xBF, then: .tail2)
    case .afterE0: return tail(0xA0...0xBF, then: .tail1)
    case .afterED: return tail(0x80...0x9F, then: .tail1)
    case .afterF0: return tail(0x90...0xBF, then: .tail2)
    case .afterF4: return tail(0x80...0x8F, then: .tail2)
    case .closed: return nil
    }
  }

  func accepts(_ state: MatcherState) -> Bool { state.phase == Phase.closed.rawValue }

  func distance(_ state: MatcherState) -> Int {
    guard isSpellable, let phase = Phase(rawValue: state.phase) else { return unreachable }
    /// Bytes from between two characters to the end.
    func rest(after count: Int) -> Int { joined(repeated(fillerLength, minimum - count), 1) }
    let count = Int(state.count)
    switch phase {
    case .closed: return 0
    case .opening: return joined(1, rest(after: 0))
    case .body: return rest(after: count)
    case .escape: return joined(1, rest(after: count + 1))
    case .hex1: return joined(4, rest(after: count + 1))
    case .hex2, .hex2AfterD: return joined(3, rest(after: count + 1))
    case .hex3: return joined(2, rest(after: count + 1))
    case .hex4, .tail1: return joined(1, rest(after: count + 1))
    case .tail2, .afterE0, .afterED: return joined(2, rest(after: count + 1))
    case .tail3, .afterF0, .afterF4: return joined(3, rest(after: count + 1))
    }
  }

  private func lead(_ byte: UInt8) -> Phase? {
    switch byte {
    case 0xC2...0xDF: return .tail1
    case 0xE0: return .afterE0
    case 0xED: return .afterED
    case 0xE1...0xEF: return .tail2
    case 0xF0: return .afterF0
    case 0xF1...0xF3: return .tail3
    case 0xF4: return .afterF4
    default: return nil
    }
  }
}

private let hexDigits = ByteSet("0123456789abcdefABCDEF".utf8)
private let simpleEscapes = ByteSet("\"\\/bfnrt".utf8)
