// Texts with places for values: `"%s" % x`, the filter `format`, and `"{}".format(x)`.

import SafeIO

extension TemplateEvaluator {
  // MARK: %

  /// The result of `format % value`; texts among the values are escaped where the format is marked as HTML.
  func formatted(
    _ format: String, with value: TemplateValue, isMarked: Bool = false
  ) throws(Failure) -> TemplateValue {
    switch value {
    case .list(let list) where list.isTuple:
      return try formatted(format, list.items, nil, needsAll: true, isMarked: isMarked)
    case .list: return try formatted(format, [value], nil, needsAll: false, isMarked: isMarked)
    case .mapping(let mapping):
      return try formatted(format, [value], mapping, needsAll: false, isMarked: isMarked)
    default: return try formatted(format, [value], nil, needsAll: true, isMarked: isMarked)
    }
  }

  /// - Parameter needsAll: whether a value that is not used is an error.
  private func formatted(
    _ format: String, _ values: [TemplateValue], _ mapping: TemplateMapping?, needsAll: Bool, isMarked: Bool
  ) throws(Failure) -> TemplateValue {
    var rest = Substring(format).unicodeScalars
    var output = ""
    var next = 0
    func take() throws(Failure) -> TemplateValue {
      guard next < values.count else { throw failure("not enough arguments for format string") }
      next += 1
      return values[next - 1]
    }
    while let percent = rest.firstIndex(of: "%") {
      try append(String(Substring(rest[..<percent])), to: &output)
      rest = rest[percent...].dropFirst()
      var named: TemplateValue?
      if rest.first == "(" {
        guard let close = rest.firstIndex(of: ")") else { throw failure("incomplete format key") }
        let name = String(Substring(rest[..<close].dropFirst()))
        guard let mapping else { throw failure("format requires a mapping") }
        guard let value = mapping[name] else {
          throw failure("the format names '\(name)', which is not given")
        }
        named = value
        rest = rest[close...].dropFirst()
      }
      let field = try self.field(&rest, take)
      guard let conversion = field.conversion else { throw failure("incomplete format") }
      if conversion == "%" {
        try append("%", to: &output)
        continue
      }
      if named == nil { named = try take() }
      try append(try converted(named ?? .none, conversion, field, isMarked: isMarked), to: &output)
    }
    guard next == values.count || !needsAll else {
      throw failure("not all arguments converted during string formatting")
    }
    try append(String(Substring(rest)), to: &output)
    return isMarked ? .markup(output) : .string(output)
  }

  /// Reads flags, width, precision and conversion.
  private func field(
    _ rest: inout Substring.UnicodeScalarView, _ take: () throws(Failure) -> TemplateValue
  ) throws(Failure) -> TemplateFormatField {
    var field = TemplateFormatField()
    var isLeft = false
    while let flag = rest.first, "-0+ #".unicodeScalars.contains(flag) {
      switch flag {
      case "-": isLeft = true
      case "0": field.fill = "0"
      case "+": field.sign = "+"
      case "#": field.isAlternate = true
      default: if field.sign.isEmpty { field.sign = " " }
      }
      rest.removeFirst()
    }
    func number() throws(Failure) -> Int? {
      guard rest.first == "*" else { return try TemplateFormatField.number(&rest, self) }
      rest.removeFirst()
      guard let number = try take().integerValue else { throw failure("* wants int") }
      guard number.magnitude <= Self.maximumText else {
        throw failure("makes a text of more than \(Self.maximumText) bytes")
      }
      return number
    }
    let width = try number() ?? 0
    if width < 0 { isLeft = true }
    field.width = abs(width)
    if rest.first == "." {
      rest.removeFirst()
      field.precision = max(try number() ?? 0, 0)
    }
    if let first = rest.first, "hlL".unicodeScalars.contains(first) { rest.removeFirst() }
    field.conversion = rest.popFirst()
    field.alignment = isLeft ? "<" : field.fill == "0" ? "=" : ">"
    if isLeft { field.fill = " " }
    return field
  }

  private func converted(
    _ value: TemplateValue, _ conversion: Unicode.Scalar, _ field: TemplateFormatField, isMarked: Bool
  ) throws(Failure) -> String {
    var field = field
    try checkText(field.width + (field.precision ?? 0))
    switch conversion {
    case "s", "r", "a":
      let isValue = conversion == "s"
      var text = isValue ? try string(value) : try literal(value)
      if conversion == "a" { text = TemplateText.escapedToASCII(text) }
      if isMarked, !(isValue && value.isMarked) { text = try escaped(text) }
      (field.fill, field.alignment) = (" ", field.alignment == "<" ? "<" : ">")
      return field.text(text)
    case "c" where value.textValue?.unicodeScalars.count == 1:
      (field.fill, field.alignment, field.precision) = (" ", field.alignment == "<" ? "<" : ">", nil)
      return field.text(value.textValue ?? "")
    case "d", "i", "u", "x", "X", "o", "c":
      var number = value
      if case .double(let double) = value, "diu".unicodeScalars.contains(conversion) {
        guard let whole = Int(exactly: double.rounded(.towardZero)) else {
          throw failure("cannot convert the number \(JSON.pythonText(double)) to an integer of 64 bits")
        }
        number = .integer(whole)
      }
      switch number {
      case .integer, .bool, .bigInteger: break
      default:
        let kind = "diu".unicodeScalars.contains(conversion) ? "a real number" : "an integer"
        throw failure("%\(conversion) format: \(kind) is required, not \(value.typeName)")
      }
      return try field.integer(number, self)
    case "f", "F", "e", "E", "g", "G":
      guard let number = value.doubleValue else {
        throw failure("must be real number, not \(value.typeName)")
      }
      return try field.double(number, self)
    default: throw failure("unsupported format character '\(Character(conversion))'")
    }
  }

  // MARK: format

  /// Fills the fields `{}`, `{0}`, `{name.part[key]!r:>10}`.
  func filled(_ format: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var numbering: TemplateFieldNumbering?
    return try text(filled(format, call, &numbering, depth: 0))
  }

  private func filled(
    _ format: String, _ call: TemplateCall, _ numbering: inout TemplateFieldNumbering?, depth: Int
  ) throws(Failure) -> String {
    guard depth <= 2 else { throw failure("Max string recursion exceeded") }
    var rest = Substring(format).unicodeScalars
    var output = ""
    while let index = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      try append(String(Substring(rest[..<index])), to: &output)
      let brace = rest[index]
      rest = rest[index...].dropFirst()
      if rest.first == brace {
        try append(String(brace), to: &output)
        rest.removeFirst()
        continue
      }
      guard brace == "{" else { throw failure("Single '}' encountered in format string") }
      guard let end = Self.endOfField(rest) else {
        throw failure(
          rest.isEmpty ? "Single '{' encountered in format string" : "expected '}' before end of string")
      }
      try append(try field(String(Substring(rest[..<end])), call, &numbering, depth: depth), to: &output)
      rest = rest[end...].dropFirst()
    }
    try append(String(Substring(rest)), to: &output)
    return output
  }

  /// The brace that closes a field, which may have fields within its specification.
  private static func endOfField(_ text: Substring.UnicodeScalarView) -> String.Index? {
    var open = 0
    for index in text.indices {
      if text[index] == "{" { open += 1 }
      guard text[index] == "}" else { continue }
      if open == 0 { return index }
      open -= 1
    }
    return nil
  }

  private func field(
    _ text: String, _ call: TemplateCall, _ numbering: inout TemplateFieldNumbering?, depth: Int
  ) throws(Failure) -> String {
    let scalars = Substring(text).unicodeScalars
    let colon = scalars.firstIndex(of: ":") ?? scalars.endIndex
    let bang = scalars[..<colon].firstIndex(of: "!") ?? colon
    var value = try value(of: scalars[..<bang], call, &numbering)
    if bang < colon {
      switch String(Substring(scalars[bang..<colon].dropFirst())) {
      case "s": value = .string(try string(value))
      case "r": value = .string(try literal(value))
      case "a": value = .string(TemplateText.escapedToASCII(try literal(value)))
      case let other: throw failure("Unknown conversion specifier \(other)")
      }
    }
    let specification = try filled(
      String(Substring(scalars[colon...].dropFirst())), call, &numbering, depth: depth + 1)
    return try formatted(value, specification)
  }

  /// The value that a field names.
  private func value(
    of name: Substring.UnicodeScalarView, _ call: TemplateCall, _ numbering: inout TemplateFieldNumbering?
  ) throws(Failure) -> TemplateValue {
    let end = name.firstIndex { $0 == "." || $0 == "[" } ?? name.endIndex
    let first = String(Substring(name[..<end]))
    var value: TemplateValue
    if first.isEmpty || Int(first) != nil {
      var place = Int(first) ?? 0
      switch (numbering, first.isEmpty) {
      case (.automatic, false), (.manual, true):
        throw failure("cannot switch from manual field specification to automatic field numbering")
      case (.automatic(let next), _): place = next
      default: break
      }
      numbering = first.isEmpty ? .automatic(next: place + 1) : .manual
      guard call.positional.indices.contains(place) else { throw failure("tuple index out of range") }
      value = call.positional[place]
    } else {
      guard let named = call[first] else { throw failure("the format names '\(first)', which is not given") }
      value = named
    }
    var rest = name[end...]
    while let opening = rest.popFirst() {
      if opening == "[" {
        guard let close = rest.firstIndex(of: "]") else { throw failure("Missing ']' in format string") }
        let key = String(Substring(rest[..<close]))
        value = try item(Int(key).map { .integer($0) } ?? .string(key), of: value)
        rest = rest[close...].dropFirst()
      } else {
        let end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
        value = try attribute(String(Substring(rest[..<end])), of: value)
        rest = rest[end...]
      }
    }
    return value
  }

  private func formatted(_ value: TemplateValue, _ specification: String) throws(Failure) -> String {
    guard !specification.isEmpty else { return try string(value) }
    var field = try TemplateFormatField(specification: specification, self)
    try checkText(field.width + (field.precision ?? 0))
    switch value {
    case .string(let text), .markup(let text):
      guard field.conversion == nil || field.conversion == "s" else {
        throw failure(
          "Unknown format code '\(field.conversion.map(Character.init) ?? " ")' for object of type 'str'")
      }
      // Zeros stand behind a text.
      if field.alignment == "=", field.fill == "0" { field.alignment = "<" }
      return field.text(text)
    case .integer, .bool, .bigInteger: return try field.integer(value, self)
    case .double(let number): return try field.double(number, self)
    default: throw failure("unsupported format string passed to \(value.typeName).__format__")
    }
  }
}

/// Whether the fields of a format have numbers, and which value the next one takes when they have none.
private enum TemplateFieldNumbering {
  case automatic(next: Int)
  case manual
}
