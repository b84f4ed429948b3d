// Expressions, with the precedence of Jinja: filters and tests bind tighter than arithmetic, `~` tighter than `+`.

import SafeIO

extension TemplateParser {
  static let reserved: Set<String> = ["true", "false", "none", "True", "False", "None"]

  private static let sums: Set<String> = ["+", "-"]
  private static let products: Set<String> = ["*", "/", "//", "%"]
  private static let powers: Set<String> = ["**"]
  private static let comparisons: Set<String> = ["==", "!=", "<", "<=", ">", ">="]

  /// One expression, or several between commas as a tuple.
  /// - Parameter word: what ends a tuple, beside the end of the tag.
  mutating func tupleOrExpression(
    withConditional: Bool = true, allowsEmpty: Bool = false, until word: String? = nil
  ) throws(Failure) -> TemplateExpression {
    let place = current.place
    var items: [TemplateExpression] = []
    var isTuple = false
    while !endsTuple(word) {
      items.append(withConditional ? try expression() : try disjunction())
      guard take(",") else { break }
      isTuple = true
    }
    if let only = items.first, !isTuple { return only }
    guard isTuple || allowsEmpty else { throw unexpected("an expression") }
    return try expression(.tuple(items), items, at: place)
  }

  private func endsTuple(_ word: String?) -> Bool {
    switch current.kind {
    case .blockEnd, .outputEnd, .end, .symbol(")"): true
    case .name(let name): name == word
    default: false
    }
  }

  /// An expression, with `a if b else c`.
  mutating func expression() throws(Failure) -> TemplateExpression {
    try nested { parser throws(Failure) in
      var value = try parser.disjunction()
      while parser.current.kind == .name("if") {
        let place = parser.take().place
        let test = try parser.disjunction()
        let otherwise = parser.takeWord("else") ? try parser.expression() : nil
        value = try parser.expression(
          .conditional(then: value, test: test, otherwise: otherwise),
          [value, test] + (otherwise.map { [$0] } ?? []), at: place)
      }
      return value
    }
  }

  private mutating func disjunction() throws(Failure) -> TemplateExpression {
    var left = try conjunction()
    while current.kind == .name("or") {
      let place = take().place
      let right = try conjunction()
      left = try expression(.binary("or", left, right), [left, right], at: place)
    }
    return left
  }

  private mutating func conjunction() throws(Failure) -> TemplateExpression {
    var left = try negation()
    while current.kind == .name("and") {
      let place = take().place
      let right = try negation()
      left = try expression(.binary("and", left, right), [left, right], at: place)
    }
    return left
  }

  private mutating func negation() throws(Failure) -> TemplateExpression {
    guard current.kind == .name("not") else { return try comparison() }
    let place = take().place
    let operand = try nested { parser throws(Failure) in try parser.negation() }
    return try expression(.unary("not", operand), [operand], at: place)
  }

  private mutating func comparison() throws(Failure) -> TemplateExpression {
    let place = current.place
    let first = try sum()
    var parts: [TemplatePart] = []
    while true {
      if case .symbol(let symbol) = current.kind, Self.comparisons.contains(symbol) {
        take()
        parts.append(TemplatePart(comparison: symbol, operand: try sum()))
      } else if takeWord("in") {
        parts.append(TemplatePart(comparison: "in", operand: try sum()))
      } else if current.kind == .name("not"), following.kind == .name("in") {
        take()
        take()
        parts.append(TemplatePart(comparison: "not in", operand: try sum()))
      } else {
        break
      }
    }
    guard !parts.isEmpty else { return first }
    return try expression(.comparison(first, parts), [first] + parts.map(\.operand), at: place)
  }

  private mutating func sum() throws(Failure) -> TemplateExpression {
    try chain(Self.sums) { parser throws(Failure) in try parser.concatenation() }
  }

  private mutating func concatenation() throws(Failure) -> TemplateExpression {
    let place = current.place
    var parts = [try product()]
    while take("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : try expression(.concatenation(parts), parts, at: place)
  }

  private mutating func product() throws(Failure) -> TemplateExpression {
    try chain(Self.products) { parser throws(Failure) in
      try parser.chain(Self.powers) { parser throws(Failure) in try parser.unary() }
    }
  }

  /// Operands with operators of one precedence between them, grouped from the left.
  private mutating func chain(
    _ symbols: Set<String>, _ operand: (inout TemplateParser) throws(Failure) -> TemplateExpression
  ) throws(Failure) -> TemplateExpression {
    var left = try operand(&self)
    while case .symbol(let symbol) = current.kind, symbols.contains(symbol) {
      let place = take().place
      let right = try operand(&self)
      left = try expression(.binary(symbol, left, right), [left, right], at: place)
    }
    return left
  }

  private mutating func unary(withFilters: Bool = true) throws(Failure) -> TemplateExpression {
    var value: TemplateExpression
    if isAt("-") || isAt("+") {
      let symbol = isAt("-") ? "-" : "+"
      let place = take().place
      let operand = try nested { parser throws(Failure) in try parser.unary(withFilters: false) }
      value = try expression(.unary(symbol, operand), [operand], at: place)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    while withFilters {
      if isAt("|") {
        value = try filter(of: value)
      } else if current.kind == .name("is") {
        value = try test(of: value)
      } else if isAt("(") {
        value = try call(of: value)
      } else {
        break
      }
    }
    return value
  }

  /// A filter of a value, with or without the bar before its name.
  mutating func filter(
    of value: TemplateExpression?, isInline: Bool = false
  ) throws(Failure) -> TemplateExpression {
    if !isInline { try expect("|") }
    let place = current.place
    let name = try dottedName()
    let arguments = isAt("(") ? try arguments() : TemplateArguments()
    return try expression(
      .filter(value, name, arguments), (value.map { [$0] } ?? []) + arguments.expressions, at: place)
  }

  private mutating func test(of value: TemplateExpression) throws(Failure) -> TemplateExpression {
    let place = take().place
    let isNegated = takeWord("not")
    let name = try dottedName()
    var arguments = TemplateArguments()
    switch current.kind {
    case .symbol("("): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"), .name("if"): break
    case .name("is"): throw failure("tests can't be chained with 'is'")
    case .name, .string, .integer, .bigInteger, .double, .symbol("["), .symbol("{"):
      let argument = try primary()
      arguments.positional = [try postfix(argument)]
    default: break
    }
    let test = try expression(.test(value, name, arguments), [value] + arguments.expressions, at: place)
    return isNegated ? try expression(.unary("not", test), [test], at: place) : test
  }

  private mutating func dottedName() throws(Failure) -> String {
    var name = try expectName()
    while take(".") { name += "." + (try expectName()) }
    return name
  }
}
