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
    let initial = call.argument(0, "default") ?? .integer(0)
    if let number = value.integerValue { return .integer(number) }
    if case .bigInteger = value { return value }
    if let text = value.textValue {
      let text = TemplateText.strip(text)
      let base = try call.integer(1, "base") ?? 10
      guard 2...36 ~= base else { throw call.failure("int() base must be >= 2 and <= 36") }
      if let number = Int(text, radix: base) { return .integer(number) }
      if let number = Double(text), let whole = Int(exactly: number.rounded(.towardZero)) {
        return .integer(whole)
      }
      return initial
    }
    return value.doubleValue.flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) } ?? initial
  }

  static func float(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let number = value.textValue.flatMap { Double(TemplateText.strip($0)) } ?? value.doubleValue
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
      if let whole = value.integerValue, precision >= 0 { return .integer(whole) }
      // Rounds the decimal value, ties to even, as Python does.
      guard precision > 0 else {
        let scale = pow(10, Double(-precision))
        return .double((number / scale).rounded(.toNearestOrEven) * scale)
      }
      guard let text = try call.evaluator.formatted("%.\(precision)f", with: .double(number)).textValue else {
        return .double(number)
      }
      return .double(Double(text) ?? number)
    case "ceil", "floor":
      let scale = pow(10, Double(precision))
      return .double((number * scale).rounded(method == "ceil" ? .up : .down) / scale)
    default: throw call.failure("method must be common, ceil or floor")
    }
  }

  static func escape(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var result = ""
    for scalar in try call.evaluator.string(value).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&#34;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return try call.evaluator.text(result)
  }

  static func urlEncode(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let text = value.textValue else { throw call.failure("urlencode needs a text") }
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      if byte < 0x80,
        scalar.properties.isAlphabetic || 0x30...0x39 ~= byte || "_.-~/".unicodeScalars.contains(scalar)
      {
        result.unicodeScalars.append(scalar)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (byte < 16 ? "0" : "") + digits
      }
    }
    return try call.evaluator.text(result)
  }

  static func center(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let text = try call.evaluator.string(value)
    let width = max(try call.integer(0, "width") ?? 80, 0)
    try call.evaluator.checkText(width)
    let missing = max(0, width - text.unicodeScalars.count)
    let left = missing / 2 + (missing & width & 1)
    return try call.evaluator.text(
      String(repeating: " ", count: left) + text + String(repeating: " ", count: missing - left))
  }

  static func indent(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let text = try call.evaluator.string(value)
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
      if index > 0 { result += "\n" }
      let isIndented = index == 0 ? indentsFirst : indentsBlank || !line.isEmpty
      try call.evaluator.append((isIndented ? margin : "") + line, to: &result)
    }
    return .string(result)
  }

  static func truncate(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let scalars = try call.evaluator.string(value).unicodeScalars
    let length = min(try call.integer(0, "length") ?? 255, TemplateEvaluator.maximumText)
    let end = try call.text(2, "end") ?? "..."
    let leeway = min(try call.integer(3, "leeway") ?? 5, TemplateEvaluator.maximumText)
    guard length >= end.unicodeScalars.count, leeway >= 0 else {
      throw call.failure("expected length >= \(end.unicodeScalars.count), got \(length)")
    }
    if scalars.count <= length + leeway {
      return .string(String(scalars))
    }
    let kept = String(Substring(scalars.prefix(length - end.unicodeScalars.count)))
    if call.flag(1, "killwords") { return .string(kept + end) }
    return .string(TemplateText.splitFromRight(kept, by: " ", limit: 1)[0] + end)
  }
}
