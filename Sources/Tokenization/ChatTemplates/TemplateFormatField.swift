// One value in a text with places for values: sign, digits, and what fills it up to a width. `%` and `format` spell the
// same field in two ways.

import Glibc
import SafeIO

/// How a value is written.
struct TemplateFormatField {
  var fill: Unicode.Scalar = " "
  /// `<`, `>`, `^`, or `=` for filling between sign and digits; nil is that of the type.
  var alignment: Unicode.Scalar?
  /// What stands before numbers that are not negative: nothing, `+` or a blank.
  var sign = ""
  /// Whether prefixes such as `0x`, and points without digits behind them, are written.
  var isAlternate = false
  var width = 0
  /// Between groups of digits.
  var separator: String?
  var precision: Int?
  /// The letter of the conversion; nil is that of the type.
  var conversion: Unicode.Scalar?

  /// The digits that a precision may ask for.
  private static let maximumPrecision = 4096

  // MARK: Reading

  /// Reads a number; nil when there is none.
  static func number(
    _ rest: inout Substring.UnicodeScalarView, _ evaluator: TemplateEvaluator
  ) throws(Failure) -> Int? {
    var value: Int?
    while let digit = rest.first, "0"..."9" ~= digit {
      value = (value ?? 0) * 10 + Int(digit.value - 0x30)
      guard let value, value <= TemplateEvaluator.maximumText else {
        throw evaluator.failure("makes a text of more than \(TemplateEvaluator.maximumText) bytes")
      }
      rest.removeFirst()
    }
    return value
  }

  /// Reads what stands behind the colon in `{:>10.3f}`.
  init(specification: String, _ evaluator: TemplateEvaluator) throws(Failure) {
    var rest = Substring(specification).unicodeScalars
    let isAlignment = { (scalar: Unicode.Scalar) in "<>=^".unicodeScalars.contains(scalar) }
    if rest.count > 1, let second = rest.dropFirst().first, isAlignment(second), let first = rest.popFirst() {
      fill = first
      alignment = rest.popFirst()
    } else if let first = rest.first, isAlignment(first) {
      alignment = rest.popFirst()
    }
    if let first = rest.first, "+- ".unicodeScalars.contains(first) {
      sign = first == "-" ? "" : String(first)
      rest.removeFirst()
    }
    if rest.first == "#" {
      isAlternate = true
      rest.removeFirst()
    }
    if rest.first == "0" {
      if alignment == nil { (fill, alignment) = ("0", "=") }
      rest.removeFirst()
    }
    width = try Self.number(&rest, evaluator) ?? 0
    if let first = rest.first, first == "," || first == "_" {
      separator = String(first)
      rest.removeFirst()
    }
    if rest.first == "." {
      rest.removeFirst()
      guard let number = try Self.number(&rest, evaluator) else {
        throw evaluator.failure("Format specifier missing precision")
      }
      precision = number
    }
    conversion = rest.popFirst()
    guard rest.isEmpty else { throw evaluator.failure("Invalid format specifier '\(specification)'") }
  }

  init() {}

  // MARK: Writing

  /// A text, cut to the precision.
  func text(_ text: String) -> String {
    let kept = precision.map { String(Substring(text.unicodeScalars.prefix($0))) } ?? text
    return filled("", kept, alignment ?? "<")
  }

  /// An integer, with at least as many digits as the precision says.
  func integer(_ value: TemplateValue, _ evaluator: TemplateEvaluator) throws(Failure) -> String {
    switch conversion {
    case nil, "d", "i", "u", "n":
      let digits = try evaluator.string(value.integerValue.map { .integer($0) } ?? value)
      let isNegative = digits.hasPrefix("-")
      return number(isNegative: isNegative, "", lengthened(isNegative ? String(digits.dropFirst()) : digits))
    case "b", "o", "x", "X":
      guard let number = value.integerValue else {
        throw evaluator.failure("can't write integers beyond 64 bits in another base")
      }
      let radix = conversion == "b" ? 2 : conversion == "o" ? 8 : 16
      let digits = String(number.magnitude, radix: radix, uppercase: conversion == "X")
      let prefix = isAlternate ? "0\(conversion ?? "x")" : ""
      return self.number(isNegative: number < 0, prefix, lengthened(digits), group: 4)
    case "c":
      guard let code = value.integerValue.flatMap({ UInt32(exactly: $0) }).flatMap(Unicode.Scalar.init) else {
        throw evaluator.failure("%c arg not in range(0x110000)")
      }
      return text(String(code))
    default: return try double(value.doubleValue ?? 0, evaluator)
    }
  }

  private func lengthened(_ digits: String) -> String {
    String(repeating: "0", count: max(0, (precision ?? 0) - digits.utf8.count)) + digits
  }

  /// A floating-point number.
  func double(_ value: Double, _ evaluator: TemplateEvaluator) throws(Failure) -> String {
    if let precision, precision > Self.maximumPrecision {
      throw evaluator.failure("writes more than \(Self.maximumPrecision) digits of a number")
    }
    var magnitude = value.magnitude
    var digits: String
    switch conversion {
    case nil where precision == nil: digits = JSON.pythonText(magnitude)
    case nil:
      // As `g`, but with an exponent one digit earlier, and with a digit behind the point.
      let precision = max(precision ?? 1, 1)
      digits = Self.printed(magnitude, "g", precision, isAlternate)
      let exponent = Self.printed(magnitude, "e", precision - 1, false).split(separator: "e").last.flatMap {
        Int($0)
      }
      if exponent == precision - 1 {
        let parts = Self.printed(magnitude, "e", precision - 1, isAlternate).split(separator: "e")
        var mantissa = parts[0]
        while mantissa.contains("."), mantissa.hasSuffix("0") { mantissa.removeLast() }
        digits = "\(mantissa.hasSuffix(".") ? mantissa.dropLast() : mantissa)e\(parts[1])"
      } else if digits.allSatisfy({ $0.isNumber }) {
        digits += ".0"
      }
    case "%":
      magnitude *= 100
      digits = Self.printed(magnitude, "f", precision, isAlternate) + "%"
    case "n": digits = Self.printed(magnitude, "g", precision, isAlternate)
    case "e"?, "E"?, "f"?, "F"?, "g"?, "G"?:
      digits = Self.printed(magnitude, conversion ?? "f", precision, isAlternate)
    case let other?:
      throw evaluator.failure("Unknown format code '\(Character(other))' for object of type 'float'")
    }
    return number(isNegative: value.sign == .minus && !value.isNaN, "", digits)
  }

  private static func printed(
    _ value: Double, _ conversion: Unicode.Scalar, _ precision: Int?, _ isAlternate: Bool
  ) -> String {
    let format = "%\(isAlternate ? "#" : "").*\(conversion)"
    // The largest number has 309 digits before its point.
    var buffer = [CChar](repeating: 0, count: (precision ?? 6) + 400)
    let length = withVaList([Int32(clamping: precision ?? 6), value]) {
      vsnprintf(&buffer, buffer.count, format, $0)
    }
    return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func number(isNegative: Bool, _ prefix: String, _ digits: String, group: Int = 3) -> String {
    let sign = (isNegative ? "-" : sign) + prefix
    guard let separator else { return filled(sign, digits, alignment ?? ">") }
    let whole = Array(digits.utf8.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "e") })
    var count = whole.count
    if fill == "0", alignment == "=" {
      // Zeros that fill are grouped as well.
      let others = sign.utf8.count + digits.utf8.count - whole.count
      while others + count + (count - 1) / group < width { count += 1 }
    }
    var grouped = ""
    for index in 0..<count {
      if index > 0, (count - index) % group == 0 { grouped += separator }
      let place = index - (count - whole.count)
      grouped.unicodeScalars.append(place < 0 ? "0" : Unicode.Scalar(whole[place]))
    }
    return filled(sign, grouped + digits.dropFirst(whole.count), alignment ?? ">")
  }

  private func filled(_ sign: String, _ text: String, _ alignment: Unicode.Scalar) -> String {
    let missing = max(0, width - sign.unicodeScalars.count - text.unicodeScalars.count)
    let filler = { (count: Int) in String(repeating: String(fill), count: count) }
    switch alignment {
    case "<": return sign + text + filler(missing)
    case "^": return filler(missing / 2) + sign + text + filler(missing - missing / 2)
    case "=": return sign + filler(missing) + text
    default: return filler(missing) + sign + text
    }
  }
}
