// Texts with places for values: `"%s" % x`, the filter `format`, and `"{}".format(x)`.

import Glibc
import SafeIO

extension TemplateEvaluator {
  /// The result of `format % value`.
  func formatted(_ format: String, with value: TemplateValue) throws(Failure) -> TemplateValue {
    if case .list(let list) = value, list.isTuple { return try formatted(format, list.items, nil) }
    if case .mapping(let mapping) = value { return try formatted(format, [value], mapping) }
    return try formatted(format, [value], nil)
  }

  func formatted(
    _ format: String, _ values: [TemplateValue], _ mapping: TemplateMapping?
  ) throws(Failure) -> TemplateValue {
    var rest = Substring(format).unicodeScalars
    var output = ""
    var next = 0
    var usesNames = false
    while let percent = rest.firstIndex(of: "%") {
      try append(String(Substring(rest[..<percent])), to: &output)
      rest = rest[percent...].dropFirst()
      var named: TemplateValue?
      if rest.first == "(", let close = rest.firstIndex(of: ")") {
        let name = String(Substring(rest[..<close].dropFirst()))
        guard let value = mapping?[name] else {
          throw failure("the format names '\(name)', which is not given")
        }
        named = value
        usesNames = true
        rest = rest[close...].dropFirst()
      }
      let field = TemplateField(&rest)
      guard let conversion = rest.popFirst() else { throw failure("incomplete format") }
      if conversion == "%" {
        output += "%"
        continue
      }
      if named == nil {
        guard next < values.count else { throw failure("not enough arguments for format string") }
        next += 1
      }
      let converted = try field.text(named ?? values[next - 1], conversion, self)
      try append(converted, to: &output)
    }
    guard next == values.count || usesNames || mapping != nil else {
      throw failure("not all arguments converted during string formatting")
    }
    try append(String(Substring(rest)), to: &output)
    return .string(output)
  }

  /// Fills `{}`, `{0}` and `{name}`, without format specifications.
  func filled(_ format: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var rest = Substring(format).unicodeScalars
    var output = ""
    var next = 0
    while let index = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      try append(String(Substring(rest[..<index])), to: &output)
      let brace = rest[index]
      rest = rest[index...].dropFirst()
      if rest.first == brace {
        output.unicodeScalars.append(brace)
        rest.removeFirst()
        continue
      }
      guard brace == "{", let close = rest.firstIndex(of: "}") else {
        throw failure("single '\(brace)' encountered in format string")
      }
      let name = String(Substring(rest[..<close]))
      rest = rest[close...].dropFirst()
      let place = name.isEmpty ? next : Int(name)
      if name.isEmpty { next += 1 }
      let value =
        place.map { 0..<call.positional.count ~= $0 ? call.positional[$0] : nil }
        ?? call.named.last { $0.name == name }?.value
      guard let value else { throw failure("the format names '\(name)', which is not given") }
      try append(try string(value), to: &output)
    }
    try append(String(Substring(rest)), to: &output)
    return .string(output)
  }
}

/// Flags, width and precision of one place in a format.
private struct TemplateField {
  private var isLeft = false
  private var isZero = false
  private var sign = ""
  private var isAlternate = false
  private var width = 0
  private var precision: Int?

  init(_ rest: inout Substring.UnicodeScalarView) {
    while let flag = rest.first, "-0+ #".unicodeScalars.contains(flag) {
      switch flag {
      case "-": isLeft = true
      case "0": isZero = true
      case "+": sign = "+"
      case "#": isAlternate = true
      default: if sign.isEmpty { sign = " " }
      }
      rest.removeFirst()
    }
    width = Self.number(&rest)
    if rest.first == "." {
      rest.removeFirst()
      precision = Self.number(&rest)
    }
  }

  /// At most 1000, which is wider than any sensible field.
  private static func number(_ rest: inout Substring.UnicodeScalarView) -> Int {
    var value = 0
    while let digit = rest.first, "0"..."9" ~= digit {
      value = min(value * 10 + Int(digit.value - 0x30), 1000)
      rest.removeFirst()
    }
    return value
  }

  func text(
    _ value: TemplateValue, _ conversion: Unicode.Scalar, _ evaluator: TemplateEvaluator
  ) throws(Failure) -> String {
    switch conversion {
    case "s", "r", "a":
      let text = conversion == "s" ? try evaluator.string(value) : try evaluator.literal(value)
      return padded(precision.map { String(Substring(text.unicodeScalars.prefix($0))) } ?? text, "")
    case "d", "i", "u", "x", "X", "o":
      guard
        let number = value.integerValue
          ?? value.doubleValue.flatMap({ Int(exactly: $0.rounded(.towardZero)) })
      else { throw evaluator.failure("%\(conversion) format: a number is required, not \(value.typeName)") }
      let radix = conversion == "o" ? 8 : conversion == "x" || conversion == "X" ? 16 : 10
      let digits = String(number.magnitude, radix: radix, uppercase: conversion == "X")
      let prefix = isAlternate && radix != 10 ? "0\(conversion)" : ""
      let zeros = String(repeating: "0", count: max(0, (precision ?? 0) - digits.count))
      return padded(prefix + zeros + digits, number < 0 ? "-" : sign)
    case "f", "F", "e", "E", "g", "G":
      guard let number = value.doubleValue else {
        throw evaluator.failure("must be real number, not \(value.typeName)")
      }
      let format = "%\(isAlternate ? "#" : "").*\(conversion)"
      var buffer = [CChar](repeating: 0, count: 2048)
      let length = withVaList([Int32(clamping: precision ?? 6), number.magnitude]) {
        vsnprintf(&buffer, buffer.count, format, $0)
      }
      let digits = buffer.prefix(min(Int(length), buffer.count - 1)).map { UInt8(bitPattern: $0) }
      return padded(String(decoding: digits, as: UTF8.self), number.sign == .minus ? "-" : sign)
    default: throw evaluator.failure("unsupported format character '\(Character(conversion))'")
    }
  }

  private func padded(_ text: String, _ sign: String) -> String {
    let missing = max(0, width - text.unicodeScalars.count - sign.count)
    let fill = { (filler: String) in String(repeating: filler, count: missing) }
    if isLeft { return sign + text + fill(" ") }
    return isZero ? sign + fill("0") + text : fill(" ") + sign + text
  }
}
