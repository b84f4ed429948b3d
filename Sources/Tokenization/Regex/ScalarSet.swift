// A set of Unicode scalars as a pattern names it, compiled so that asking costs one load for the characters of the
// basic plane.

/// A set of scalars.
struct ScalarSet: Sendable {
  /// How a set is put together.
  indirect enum Expression: Sendable, Hashable {
    case ranges([ClosedRange<UInt32>])
    /// General categories as a bit mask.
    case categories(UInt32)
    /// The Unicode property Alphabetic.
    case alphabetic
    case complement(Expression)
    case union([Expression])
    case intersection([Expression])
    /// The inner set and what differs from a member only in case.
    case closedUnderCase(Expression)

    static func scalar(_ value: UInt32) -> Expression { .ranges([value...value]) }

    func contains(_ scalar: UInt32) -> Bool {
      switch self {
      case .ranges(let ranges): ranges.contains { $0.contains(scalar) }
      case .categories(let mask): GeneralCategory.contains(mask, scalar)
      case .alphabetic: ScalarClass.isAlphabetic(scalar)
      case .complement(let inner): !inner.contains(scalar)
      case .union(let parts): parts.contains { $0.contains(scalar) }
      case .intersection(let parts): parts.allSatisfy { $0.contains(scalar) }
      case .closedUnderCase(let inner):
        inner.contains(scalar) || CaseVariants.of(scalar).contains { inner.contains($0) }
      }
    }

    /// A bit for each scalar below U+10000.
    fileprivate func basicPlane() -> [UInt64] {
      switch self {
      case .ranges(let ranges):
        var bits = [UInt64](repeating: 0, count: 1024)
        Self.insert(ranges, into: &bits)
        return bits
      case .categories, .alphabetic, .closedUnderCase:
        return (0..<1024).map { word in
          (UInt32(0)..<64).reduce(UInt64(0)) { bits, bit in
            contains(UInt32(word) << 6 | bit) ? bits | 1 << UInt64(bit) : bits
          }
        }
      case .complement(let inner): return inner.basicPlane().map { ~$0 }
      case .union(let parts):
        var bits = [UInt64](repeating: 0, count: 1024)
        for part in parts {
          // A class may list many thousands of single characters.
          if case .ranges(let ranges) = part {
            Self.insert(ranges, into: &bits)
          } else {
            bits = zip(bits, part.basicPlane()).map(|)
          }
        }
        return bits
      case .intersection(let parts):
        return parts.reduce([UInt64](repeating: .max, count: 1024)) { zip($0, $1.basicPlane()).map(&) }
      }
    }

    private static func insert(_ ranges: [ClosedRange<UInt32>], into bits: inout [UInt64]) {
      for range in ranges where range.lowerBound < 0x10000 {
        for scalar in range.lowerBound...min(range.upperBound, 0xffff) {
          bits[Int(scalar >> 6)] |= 1 << UInt64(scalar & 63)
        }
      }
    }
  }

  let expression: Expression
  private let bits: [UInt64]

  init(_ expression: Expression) {
    self.expression = expression
    bits = expression.basicPlane()
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    scalar < 0x10000 ? bits[Int(scalar >> 6)] >> UInt64(scalar & 63) & 1 != 0 : expression.contains(scalar)
  }
}

// MARK: Named sets

extension ScalarSet.Expression {
  static let whitespace = ranges(ScalarClass.whitespace)
  /// `\w` in brackets: Alphabetic, marks, decimal digits and connectors.
  static let word = union([.alphabetic, .categories(GeneralCategory.marks | 1 << 8 | 1 << 11)])
  /// `\w` outside of brackets, where Oniguruma takes the digits and fractions of Latin-1 along.
  static let wordOutsideBrackets = union([word, .ranges([0xb2...0xb3, 0xb9...0xb9, 0xbc...0xbe])])
  static let decimalDigit = categories(1 << 8)
  static let hexadecimalDigit = ranges([0x30...0x39, 0x41...0x46, 0x61...0x66])
  static let any = ranges([0...0x10_ffff])

  /// The set that `\p{name}` or `[:name:]` names: a general category in short or long form, a POSIX class or
  /// a script; nil when it is none of these.
  ///
  /// Spaces, `-`, `_` and case do not matter.
  static func named(_ name: String) -> ScalarSet.Expression? {
    let key = name.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
    if let set = classes[key] { return set }
    let category = longNames[key] ?? key
    if category.utf8.count <= 2, let first = category.first,
      let mask = GeneralCategory.mask(first.uppercased() + category.dropFirst())
    {
      return .categories(mask)
    }
    // The table is newer than what patterns were made for.
    return ScriptRanges.ranges(of: key).map {
      .intersection([.ranges($0), .complement(.categories(1 << 29))])
    }
  }

  private static let classes: [String: ScalarSet.Expression] = [
    "any": .any,
    "ascii": .ranges([0...0x7f]),
    "assigned": .complement(.categories(1 << 29)),
    "alnum": .union([.alphabetic, .decimalDigit]),
    "alpha": .alphabetic,
    "alphabetic": .alphabetic,
    "blank": .union([.categories(1 << 22), .scalar(9)]),
    "cntrl": .categories(1 << 25),
    "digit": .decimalDigit,
    "space": .whitespace,
    "whitespace": .whitespace,
    "word": .word,
    "xdigit": .hexadecimalDigit,
    "lc": .categories(0b111),
    "punct": .categories(GeneralCategory.punctuation),
  ]

  private static let longNames: [String: String] = [
    "letter": "l", "casedletter": "lc", "uppercaseletter": "lu", "lowercaseletter": "ll",
    "titlecaseletter": "lt",
    "modifierletter": "lm", "otherletter": "lo", "mark": "m", "nonspacingmark": "mn", "spacingmark": "mc",
    "enclosingmark": "me", "number": "n", "decimalnumber": "nd", "letternumber": "nl", "othernumber": "no",
    "punctuation": "p", "connectorpunctuation": "pc", "dashpunctuation": "pd", "openpunctuation": "ps",
    "closepunctuation": "pe", "initialpunctuation": "pi", "finalpunctuation": "pf", "otherpunctuation": "po",
    "symbol": "s", "mathsymbol": "sm", "currencysymbol": "sc", "modifiersymbol": "sk", "othersymbol": "so",
    "separator": "z", "spaceseparator": "zs", "lineseparator": "zl", "paragraphseparator": "zp", "other": "c",
    "control": "cc", "format": "cf", "surrogate": "cs", "privateuse": "co", "unassigned": "cn",
  ]
}

// MARK: Ignoring case

extension ScalarSet.Expression {
  /// The set and what differs from a member only in case, by simple case folding.
  func ignoringCase() -> ScalarSet.Expression {
    if case .ranges(let ranges) = self, ranges.reduce(0, { $0 + $1.count }) <= 1000 {
      let variants = ranges.joined().flatMap { CaseVariants.of($0) }.filter { !contains($0) }
      return .ranges(ranges + variants.map { $0...$0 })
    }
    return .closedUnderCase(self)
  }
}

/// Scalars that are equal under simple case folding.
private enum CaseVariants {
  private static let cased: UInt32 = 0b111 | 1 << 9 | 1 << 21

  /// Where more than an upper and a lower form belong together and an ASCII letter is among them (CaseFolding.txt).
  private static let extra: [UInt32: [UInt32]] = [
    0x73: [0x17f], 0x53: [0x17f], 0x17f: [0x73, 0x53], 0x6b: [0x212a], 0x4b: [0x212a], 0x212a: [0x6b, 0x4b],
    0xe5: [0x212b], 0xc5: [0x212b], 0x212b: [0xe5, 0xc5],
  ]

  static func of(_ value: UInt32) -> [UInt32] {
    // Letters, Roman numerals and circled letters are all that have case.
    guard GeneralCategory.contains(cased, value), let scalar = Unicode.Scalar(value) else { return [] }
    let mapped = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
    let single = mapped.compactMap { text in
      text.unicodeScalars.count == 1 ? text.unicodeScalars.first?.value : nil
    }
    return single + (extra[value] ?? [])
  }
}
