// Literals, names, and what follows them: attributes, subscripts, calls.

import SafeIO

extension TemplateParser {
  mutating func primary() throws(Failure) -> TemplateExpression {
    let token = current
    switch token.kind {
    case .name(let name):
      take()
      return try expression(named(name), [], at: token.place)
    case .string(var text):
      take()
      // Strings beside each other are one.
      while case .string(let more) = current.kind {
        text += more
        take()
      }
      return try expression(.constant(.string(text)), [], at: token.place)
    case .integer(let value):
      take()
      return try expression(.constant(.integer(value)), [], at: token.place)
    case .bigInteger(let digits):
      take()
      return try expression(.constant(.bigInteger(digits)), [], at: token.place)
    case .double(let value):
      take()
      return try expression(.constant(.double(value)), [], at: token.place)
    case .symbol("("):
      take()
      let value = try nested { parser throws(Failure) in try parser.tupleOrExpression(allowsEmpty: true) }
      try expect(")")
      return value
    case .symbol("["): return try list()
    case .symbol("{"): return try mapping()
    default: throw unexpected("an expression")
    }
  }

  private mutating func named(_ name: String) -> TemplateExpression.Kind {
    switch name {
    case "true", "True": return .constant(.bool(true))
    case "false", "False": return .constant(.bool(false))
    case "none", "None": return .constant(.none)
    default:
      usedNames.insert(name)
      return .name(name)
    }
  }

  private mutating func list() throws(Failure) -> TemplateExpression {
    let place = take().place
    var items: [TemplateExpression] = []
    while !take("]") {
      if !items.isEmpty { try expect(",") }
      if take("]") { break }
      items.append(try expression())
    }
    return try expression(.list(items), items, at: place)
  }

  private mutating func mapping() throws(Failure) -> TemplateExpression {
    let place = take().place
    var pairs: [TemplatePair] = []
    while !take("}") {
      if !pairs.isEmpty { try expect(",") }
      if take("}") { break }
      let key = try expression()
      try expect(":")
      pairs.append(TemplatePair(key: key, value: try expression()))
    }
    return try expression(.mapping(pairs), pairs.flatMap { [$0.key, $0.value] }, at: place)
  }

  mutating func postfix(_ operand: TemplateExpression) throws(Failure) -> TemplateExpression {
    var value = operand
    while true {
      if isAt(".") {
        value = try attribute(of: value)
      } else if isAt("[") {
        value = try subscripted(value)
      } else if isAt("(") {
        value = try call(of: value)
      } else {
        return value
      }
    }
  }

  private mutating func attribute(of value: TemplateExpression) throws(Failure) -> TemplateExpression {
    let place = take().place
    switch take().kind {
    case .name(let name): return try expression(.attribute(value, name), [value], at: place)
    case .integer(let index):
      let key = try expression(.constant(.integer(index)), [], at: place)
      return try expression(.subscripted(value, key), [value, key], at: place)
    default: throw failure("expected a name or an index after '.'", at: place)
    }
  }

  private mutating func subscripted(_ value: TemplateExpression) throws(Failure) -> TemplateExpression {
    let place = take().place
    var keys: [TemplateExpression] = []
    while !take("]") {
      if !keys.isEmpty { try expect(",") }
      keys.append(try subscriptKey())
    }
    guard !keys.isEmpty else { throw failure("expected an index", at: place) }
    let key = keys.count == 1 ? keys[0] : try expression(.tuple(keys), keys, at: place)
    return try expression(.subscripted(value, key), [value, key], at: place)
  }

  /// An index, or a slice.
  private mutating func subscriptKey() throws(Failure) -> TemplateExpression {
    let place = current.place
    let first = isAt(":") ? nil : try expression()
    guard take(":") else {
      guard let first else { throw unexpected("an index") }
      return first
    }
    let second = endsSliceField ? nil : try expression()
    let third = take(":") && !endsSliceField ? try expression() : nil
    return try expression(
      .slice(first, second, third), [first, second, third].compactMap { $0 }, at: place)
  }

  private var endsSliceField: Bool { isAt(":") || isAt("]") || isAt(",") }

  mutating func call(of value: TemplateExpression) throws(Failure) -> TemplateExpression {
    let arguments = try arguments()
    return try expression(.call(value, arguments), [value] + arguments.expressions, at: value.place)
  }

  /// The arguments of a call, in parentheses.
  mutating func arguments() throws(Failure) -> TemplateArguments {
    try expect("(")
    var arguments = TemplateArguments()
    var isFirst = true
    while !take(")") {
      if !isFirst { try expect(",") }
      isFirst = false
      if take(")") { break }
      if take("**") {
        guard arguments.mapping == nil else { throw failure("'**' stands twice in one call") }
        arguments.mapping = try expression()
      } else if take("*") {
        guard arguments.list == nil, arguments.mapping == nil else {
          throw failure("misplaced '*' in a call")
        }
        arguments.list = try expression()
      } else if case .name(let name) = current.kind, following.kind == .symbol("=") {
        take()
        take()
        arguments.named.append(TemplateArguments.Named(name: name, value: try expression()))
      } else {
        guard arguments.named.isEmpty, arguments.list == nil, arguments.mapping == nil else {
          throw failure("a positional argument follows named ones")
        }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }
}
