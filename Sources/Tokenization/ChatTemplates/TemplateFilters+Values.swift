// Filters of texts and numbers.

import Glibc
import SafeIO

extension TemplateFilters {
  static func absolute(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    try call.evaluator.checkDefined(value)
    if let number = value.integerValue {
      return number < 0 ? try call.evaluator.unary("-", value) : .integer(number)
    }
    guard case .double(let number) = value else {
      throw call.failure("bad operand type for abs(): '\(value.typeName)'")
    }
    return .double(number.magnitude)
  }

  static func initial(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let isMissing = value.isUndefined || call.flag(1, "boolean") && !value.isTrue
    return isMissing ? call.argument(0, "default_value") ?? .string("") : value
  }

  static func integer(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    try call.evaluator.checkDefined(value)
    let initial = call.argument(0, "default") ?? .integer(0)
    var number = value.doubleValue
    if let text = value.textValue {
      let base = try call.integer(1, "base") ?? 10
      guard base == 0 || 2...36 ~= base else {
        throw call.failure("int() base must be >= 2 and <= 36, or 0")
      }
      if let integer = TemplateNumber.integer(text, base: base) { return integer }
      number = TemplateNumber.double(text)
    } else if value.isInteger || value.integerValue != nil {
      return value.integerValue.map { .integer($0) } ?? value
    }
    return number.flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) } ?? initial
  }

  static func float(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    try call.evaluator.checkDefined(value)
    let number = value.textValue.flatMap { TemplateNumber.double($0) } ?? value.doubleValue
    return number.map { .double($0) } ?? call.argument(0, "default") ?? .double(0)
  }

  static func round(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    try call.evaluator.checkDefined(value)
    let precision = try call.integer(0, "precision") ?? 0
    let method = try call.text(1, "method") ?? "common"
    guard let number = value.doubleValue else {
      throw call.failure("type \(value.typeName) doesn't define __round__ method")
    }
    guard -300...300 ~= precision else { throw call.failure("a precision of \(precision) is out of range") }
    switch method {
    case "common":
      if let whole = value.integerValue {
        return .integer(precision < 0 ? Self.round(whole, -precision) : whole)
      }
      if case .bigInteger = value { return value }
      // Rounds the decimal value, ties to even, as Python does.
      guard precision >= 0 else {
        let scale = pow(10, Double(-precision))
        return .double((number / scale).rounded(.toNearestOrEven) * scale)
      }
      var field = TemplateFormatField()
      (field.precision, field.conversion) = (precision, "f")
      return .double(Double(try field.double(number, call.evaluator)) ?? number)
    case "ceil", "floor":
      let scale = pow(10, Double(precision))
      return .double((number * scale).rounded(method == "ceil" ? .up : .down) / scale)
    default: throw call.failure("method must be common, ceil or floor")
    }
  }

  /// An integer rounded to a power of ten, ties to even.
  private static func round(_ number: Int, _ digits: Int) -> Int {
    guard digits < 19 else { return 0 }
    let scale = (0..<digits).reduce(1) { power, _ in power * 10 }
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: scale)
    let half = scale / 2
    let isUp = remainder.magnitude > half || remainder.magnitude == half && quotient & 1 == 1
    return (isUp ? quotient + number.signum() : quotient).multipliedReportingOverflow(by: scale).partialValue
  }

  static func escape(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    .markup(try call.evaluator.escaped(value))
  }

  /// A mapping as attributes of an element of HTML.
  static func attributes(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard case .mapping(let mapping) = value else {
      throw call.failure("'\(value.description)' has no attribute 'items'")
    }
    var result = ""
    for (key, value) in zip(mapping.keys, mapping.values) where !value.isNone && !value.isUndefined {
      let name = try call.evaluator.string(key)
      guard !name.utf8.contains(where: { $0.isTemplateSpace || [0x2f, 0x3e, 0x3d].contains($0) }) else {
        throw call.failure("Invalid character in attribute name: \(TemplateText.quoted(name))")
      }
      let text = "\(try call.evaluator.escaped(key))=\"\(try call.evaluator.escaped(value))\""
      try call.evaluator.append(result.isEmpty ? text : " " + text, to: &result)
    }
    return .string(call.flag(0, "autospace", true) && !result.isEmpty ? " " + result : result)
  }

  static func urlEncode(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var pairs: [TemplateValue]
    switch value {
    case .mapping(let mapping): pairs = try TemplateMethods.pairs(mapping, call.evaluator)
    case .list: pairs = try call.evaluator.items(of: value)
    default: return try call.evaluator.text(urlEncoded(try call.evaluator.string(value), isQuery: false))
    }
    var result = ""
    for (index, pair) in pairs.enumerated() {
      let parts = try call.evaluator.items(of: pair)
      guard parts.count == 2 else { throw call.failure("urlencode needs pairs of a key and a value") }
      let texts = [try call.evaluator.string(parts[0]), try call.evaluator.string(parts[1])]
      let text = texts.map { urlEncoded($0, isQuery: true) }.joined(separator: "=")
      try call.evaluator.append(index > 0 ? "&" + text : text, to: &result)
    }
    return .string(result)
  }

  private static func urlEncoded(_ text: String, isQuery: Bool) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        0x30...0x39 ~= byte || 0x61...0x7a ~= byte | 0x20 || "_.-~".unicodeScalars.contains(scalar)
      if isPlain || scalar == "/" && !isQuery {
        result.unicodeScalars.append(scalar)
      } else if scalar == " ", isQuery {
        result += "+"
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  static func fileSize(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let size = value.doubleValue ?? value.textValue.flatMap({ TemplateNumber.double($0) }) else {
      throw call.failure("could not convert \(try call.evaluator.literal(value)) to a number")
    }
    let isBinary = call.flag(0, "binary")
    let base: Double = isBinary ? 1024 : 1000
    if size == 1 { return .string("1 Byte") }
    if size < base { return .string("\(Int(exactly: size.rounded(.towardZero)) ?? 0) Bytes") }
    var unit = base * base
    var names = (isBinary ? "KMGTPEZY" : "kMGTPEZY")[...]
    while size >= unit, names.count > 1 {
      unit *= base
      names.removeFirst()
    }
    var field = TemplateFormatField()
    (field.precision, field.conversion) = (1, "f")
    let number = try field.double(base * size / unit, call.evaluator)
    return .string("\(number) \(names.prefix(1))\(isBinary ? "i" : "")B")
  }

  /// The text that a filter needs.
  static func text(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> String {
    try call.evaluator.checkDefined(value)
    guard let text = value.textValue else { throw call.failure("expected str, not \(value.typeName)") }
    return text
  }

  static func indent(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let text = try text(value, call)
    var margin = "    "
    if let given = call.argument(0, "width") {
      if let text = given.textValue {
        margin = text
      } else {
        let width = max(try call.integer(0, "width") ?? 4, 0)
        try call.evaluator.checkText(width)
        margin = String(repeating: " ", count: width)
      }
    }
    let (indentsFirst, indentsBlank) = (call.flag(1, "first"), call.flag(2, "blank"))
    // Filters work on the text with a newline added, so that one at the end is kept.
    let lines = TemplateText.lines(text + "\n")
    var result = ""
    for (index, line) in lines.enumerated() {
      if index > 0 { try call.evaluator.append("\n", to: &result) }
      let isIndented = index == 0 ? indentsFirst : indentsBlank || !line.isEmpty
      if isIndented { try call.evaluator.append(margin, to: &result) }
      try call.evaluator.append(line, to: &result)
    }
    return value.marking(.string(result))
  }

  static func truncate(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let scalars = try text(value, call).unicodeScalars
    let length = min(try call.integer(0, "length") ?? 255, TemplateEvaluator.maximumText)
    let end = try call.text(2, "end") ?? "..."
    let leeway = min(try call.integer(3, "leeway") ?? 5, TemplateEvaluator.maximumText)
    guard length >= end.unicodeScalars.count, leeway >= 0 else {
      throw call.failure("expected length >= \(end.unicodeScalars.count), got \(length)")
    }
    if scalars.count <= length + leeway { return value }
    let kept = String(Substring(scalars.prefix(length - end.unicodeScalars.count)))
    let isCut = call.flag(1, "killwords")
    return value.marking(
      try call.evaluator.text(
        isCut ? kept + end : TemplateText.splitFromRight(kept, by: " ", limit: 1)[0] + end))
  }
}
