// Numbers in texts, as Python's `int` and `float` read them.

/// Reading of numbers.
enum TemplateNumber {
  /// The integer that a text is; nil when it is none.
  /// - Parameter base: 2 to 36, or 0 for the one that a prefix such as `0x` names.
  static func integer(_ text: String, base: Int) -> TemplateValue? {
    var rest = Substring(TemplateText.strip(text))
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
    var radix = base
    let prefixes = ["0x": 16, "0o": 8, "0b": 2]
    if let named = prefixes[rest.prefix(2).lowercased()], base == 0 || base == named {
      radix = named
      rest.removeFirst(2)
      if rest.hasPrefix("_") { rest.removeFirst() }
    } else if base == 0 {
      radix = 10
      guard !rest.hasPrefix("0") || rest.allSatisfy({ $0 == "0" || $0 == "_" }) else { return nil }
    }
    guard let digits = withoutUnderscores(rest), digits.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }) else {
      return nil
    }
    if let value = Int((isNegative ? "-" : "") + digits, radix: radix) { return .integer(value) }
    guard radix == 10, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return .bigInteger((isNegative ? "-" : "") + digits.drop { $0 == "0" })
  }

  /// The floating-point number that a text is; nil when it is none.
  static func double(_ text: String) -> Double? {
    let bare = TemplateText.strip(text)
    switch bare.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan", "+nan", "-nan": return .nan
    default: break
    }
    guard bare.utf8.allSatisfy({ 0x30...0x39 ~= $0 || [0x2b, 0x2d, 0x2e, 0x45, 0x5f, 0x65].contains($0) })
    else { return nil }
    return withoutUnderscores(Substring(bare)).flatMap { Double($0) }
  }

  /// The text without single underscores between digits; nil when one stands elsewhere, or nothing does.
  private static func withoutUnderscores(_ text: Substring) -> String? {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    let isDigit = { (character: Character?) in character?.isHexDigit ?? false }
    for (left, right) in zip(parts, parts.dropFirst()) where !isDigit(left.last) || !isDigit(right.first) {
      return nil
    }
    return text.isEmpty ? nil : parts.joined()
  }
}
