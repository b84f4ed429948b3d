// General categories (UAX #44) by number, fast for the characters that texts are made of.

/// The general category of scalars, as numbers from 0 to 29 so that a set of categories is a bit mask.
enum GeneralCategory {
  /// Two-letter names in the order of their numbers.
  static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf",
    "Po",
    "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]

  /// The bits of all categories whose name begins with `prefix`, nil when there are none.
  static func mask(_ prefix: String) -> UInt32? {
    let mask = names.enumerated().reduce(UInt32(0)) {
      $1.element.hasPrefix(prefix) ? $0 | 1 << $1.offset : $0
    }
    return mask == 0 ? nil : mask
  }

  /// The number of Cn.
  static let unassigned: UInt8 = 29

  static let marks = mask("M") ?? 0
  static let numbers = mask("N") ?? 0
  static let punctuation = mask("P") ?? 0
  static let symbols = mask("S") ?? 0

  /// Whether the category of `scalar` is one of those in `mask`.
  @inline(__always)
  static func contains(_ mask: UInt32, _ scalar: UInt32) -> Bool {
    mask >> UInt32(number(of: scalar)) & 1 != 0
  }

  /// The number of the scalar's category.
  @inline(__always)
  static func number(of scalar: UInt32) -> UInt8 {
    scalar < 0x10000 ? basicPlane[Int(scalar)] : lookUp(scalar)
  }

  private static let basicPlane: [UInt8] = (0..<0x10000).map { lookUp($0) }

  private static func lookUp(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value) else { return 27 }
    // Oniguruma 6.9.10, whose classes tokenizers were trained with, knows Unicode 16; Swift knows more.
    if let age = scalar.properties.age, age.major > 16 { return unassigned }
    // Ll in Unicode 16, Lo in 17.
    if value == 0x295 { return 1 }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter: return 0
    case .lowercaseLetter: return 1
    case .titlecaseLetter: return 2
    case .modifierLetter: return 3
    case .otherLetter: return 4
    case .nonspacingMark: return 5
    case .spacingMark: return 6
    case .enclosingMark: return 7
    case .decimalNumber: return 8
    case .letterNumber: return 9
    case .otherNumber: return 10
    case .connectorPunctuation: return 11
    case .dashPunctuation: return 12
    case .openPunctuation: return 13
    case .closePunctuation: return 14
    case .initialPunctuation: return 15
    case .finalPunctuation: return 16
    case .otherPunctuation: return 17
    case .mathSymbol: return 18
    case .currencySymbol: return 19
    case .modifierSymbol: return 20
    case .otherSymbol: return 21
    case .spaceSeparator: return 22
    case .lineSeparator: return 23
    case .paragraphSeparator: return 24
    case .control: return 25
    case .format: return 26
    case .surrogate: return 27
    case .privateUse: return 28
    case .unassigned: return unassigned
    @unknown default: return unassigned
    }
  }
}

/// Classes of scalars that steps ask for by name.
enum ScalarClass {
  /// The Unicode property White_Space: `\s`, Rust's `char::is_whitespace` and Python's `str.isspace` all but agree.
  static let whitespace: [ClosedRange<UInt32>] = [
    0x09...0x0d, 0x20...0x20, 0x85...0x85, 0xa0...0xa0, 0x1680...0x1680, 0x2000...0x200a, 0x2028...0x2029,
    0x202f...0x202f, 0x205f...0x205f, 0x3000...0x3000,
  ]

  @inline(__always)
  static func isWhitespace(_ scalar: UInt32) -> Bool {
    if scalar < 0x80 { return scalar == 0x20 || (0x09...0x0d).contains(scalar) }
    return scalar <= 0x3000 && whitespace.contains { $0.contains(scalar) }
  }

  /// Rust's `char::is_numeric`: any category of numbers.
  static func isNumeric(_ scalar: UInt32) -> Bool {
    GeneralCategory.contains(GeneralCategory.numbers, scalar)
  }

  /// What counts as punctuation for BERT: all of ASCII's, symbols too, and the categories P of Unicode 8.
  static func isPunctuation(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: true
    case ..<0x80: false
    // Later they became a symbol and a mark.
    case 0x166d, 0x111c9: true
    default: GeneralCategory.contains(GeneralCategory.punctuation, scalar) && isInUnicode8(scalar)
    }
  }

  /// Whether a character is in Unicode 8, whose categories the library's steps for BERT have.
  static func isInUnicode8(_ scalar: UInt32) -> Bool {
    Unicode.Scalar(scalar)?.properties.age.map { $0.major <= 8 } ?? false
  }

  /// The Unicode property Alphabetic.
  static func isAlphabetic(_ scalar: UInt32) -> Bool {
    guard GeneralCategory.number(of: scalar) != GeneralCategory.unassigned else { return false }
    return Unicode.Scalar(scalar)?.properties.isAlphabetic ?? false
  }

  /// `\w` as the `regex` crate has it: Alphabetic, marks, decimal digits, connectors and joiners (UTS #18).
  static func isWord(_ scalar: UInt32) -> Bool {
    if GeneralCategory.contains(GeneralCategory.marks | 1 << 8 | 1 << 11, scalar) { return true }
    return scalar == 0x200c || scalar == 0x200d || isAlphabetic(scalar)
  }
}
