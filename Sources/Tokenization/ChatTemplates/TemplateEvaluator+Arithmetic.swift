// Operators, with Python's rules: integers stay integers except in `/`, `//` and `%` round towards minus infinity.

import Glibc
import SafeIO

extension TemplateEvaluator {
  func unary(_ symbol: String, _ value: TemplateValue) throws(Failure) -> TemplateValue {
    if symbol == "not" { return .bool(!value.isTrue) }
    try checkDefined(value)
    if let number = value.integerValue {
      return try integer(symbol == "-" ? (0).subtractingReportingOverflow(number) : (number, false))
    }
    if case .bigInteger(let digits) = value {
      let negated = digits.hasPrefix("-") ? String(digits.dropFirst()) : "-" + digits
      return symbol == "-" ? Int(negated).map { .integer($0) } ?? .bigInteger(negated) : value
    }
    guard case .double(let number) = value else {
      throw failure("bad operand type for unary \(symbol): '\(value.typeName)'")
    }
    return .double(symbol == "-" ? -number : number)
  }

  func binary(
    _ symbol: String, _ left: TemplateExpression, _ right: TemplateExpression, _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    let start = place
    let first = try evaluate(left, scope)
    switch symbol {
    case "and": return first.isTrue ? try evaluate(right, scope) : first
    case "or": return first.isTrue ? first : try evaluate(right, scope)
    default: break
    }
    let second = try evaluate(right, scope)
    place = start
    return try compute(symbol, first, second)
  }

  /// The result of an arithmetic operator.
  func compute(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(Failure) -> TemplateValue {
    try checkDefined(left)
    if symbol == "%", let format = left.textValue {
      return try formatted(format, with: right, isMarked: left.isMarked)
    }
    try checkDefined(right)
    if let first = left.integerValue, let second = right.integerValue {
      return try compute(symbol, first, second)
    }
    if case .bigInteger = left { throw failure("can't compute with integers beyond 64 bits") }
    if case .bigInteger = right { throw failure("can't compute with integers beyond 64 bits") }
    if let first = left.doubleValue, let second = right.doubleValue {
      return .double(try compute(symbol, first, second))
    }
    switch (symbol, left, right) {
    case ("+", .markup, .string), ("+", .string, .markup), ("+", .markup, .markup):
      return try concatenated(left, right)
    case ("+", .string(let first), .string(let second)):
      try checkText(first.utf8.count + second.utf8.count)
      return .string(first + second)
    case ("+", .string, _), ("+", .markup, _):
      throw failure("can only concatenate str (not \"\(right.typeName)\") to str")
    case ("+", .list(let first), .list(let second)) where first.isIndexed && first.isTuple == second.isTuple:
      return try list(first.items + second.items, first.isTuple ? .tuple : .list)
    case ("+", .list(let first), _) where first.isIndexed:
      let name = first.kind.typeName
      throw failure("can only concatenate \(name) (not \"\(right.typeName)\") to \(name)")
    case ("*", .string(let text), _), ("*", .markup(let text), _):
      if let count = right.integerValue { return left.marking(try repeated(text, count)) }
    case ("*", _, .string(let text)), ("*", _, .markup(let text)):
      if let count = left.integerValue { return right.marking(try repeated(text, count)) }
    case ("*", .list(let list), _): if let count = right.integerValue { return try repeated(list, count) }
    case ("*", _, .list(let list)): if let count = left.integerValue { return try repeated(list, count) }
    default: break
    }
    for (one, other) in [(left, right), (right, left)] where symbol == "*" && one.isSequence {
      throw failure("can't multiply sequence by non-int of type '\(other.typeName)'")
    }
    let name = symbol == "**" ? "** or pow()" : symbol
    throw failure("unsupported operand type(s) for \(name): '\(left.typeName)' and '\(right.typeName)'")
  }

  private func compute(_ symbol: String, _ left: Int, _ right: Int) throws(Failure) -> TemplateValue {
    switch symbol {
    case "+": return try integer(left.addingReportingOverflow(right))
    case "-": return try integer(left.subtractingReportingOverflow(right))
    case "*": return try integer(left.multipliedReportingOverflow(by: right))
    case "**":
      guard right >= 0 else { return .double(try compute(symbol, Double(left), Double(right))) }
      return try power(left, right)
    case "/":
      guard right != 0 else { throw failure("division by zero") }
      return .double(Double(left) / Double(right))
    default:
      guard right != 0 else {
        throw failure(symbol == "%" ? "integer modulo by zero" : "integer division or modulo by zero")
      }
      if right == -1 {
        return symbol == "%" ? .integer(0) : try integer((0).subtractingReportingOverflow(left))
      }
      let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
      let isRounded = remainder != 0 && (remainder < 0) != (right < 0)
      if symbol == "%" { return .integer(isRounded ? remainder + right : remainder) }
      return .integer(isRounded ? quotient - 1 : quotient)
    }
  }

  private func power(_ base: Int, _ exponent: Int) throws(Failure) -> TemplateValue {
    if base.magnitude <= 1 { return .integer(exponent & 1 == 0 ? base * base : exponent == 0 ? 1 : base) }
    guard exponent < 64 else { throw failure("an integer gets larger than 64 bits") }
    var result = 1
    for _ in 0..<exponent {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      guard !overflow else { throw failure("an integer gets larger than 64 bits") }
      result = product
    }
    return .integer(result)
  }

  private func integer(_ result: (partialValue: Int, overflow: Bool)) throws(Failure) -> TemplateValue {
    guard !result.overflow else { throw failure("an integer gets larger than 64 bits") }
    return .integer(result.partialValue)
  }

  private func compute(_ symbol: String, _ left: Double, _ right: Double) throws(Failure) -> Double {
    switch symbol {
    case "+": return left + right
    case "-": return left - right
    case "*": return left * right
    case "**":
      guard left != 0 || right >= 0 else { throw failure("0.0 cannot be raised to a negative power") }
      let result = pow(left, right)
      guard !result.isNaN || left.isNaN || right.isNaN else { throw failure("the power is no real number") }
      return result
    default: break
    }
    guard right != 0 else {
      throw failure(
        symbol == "%"
          ? "float modulo" : symbol == "/" ? "float division by zero" : "float floor division by zero")
    }
    if symbol == "/" { return left / right }
    var remainder = fmod(left, right)
    if remainder != 0, (remainder < 0) != (right < 0) { remainder += right }
    return symbol == "%" ? remainder : ((left - remainder) / right).rounded()
  }

  private func times(_ count: Int, _ size: Int, limit: Int, _ what: String) throws(Failure) -> Int {
    let count = max(count, 0)
    guard size == 0 || count <= limit / size else { throw failure("makes \(what)") }
    return size == 0 ? 0 : count
  }

  private func repeated(_ text: String, _ count: Int) throws(Failure) -> TemplateValue {
    let count = try times(
      count, text.utf8.count, limit: Self.maximumText, "a text of more than \(Self.maximumText) bytes")
    return try self.text(String(repeating: text, count: count))
  }

  private func repeated(_ source: TemplateList, _ count: Int) throws(Failure) -> TemplateValue {
    let count = try times(
      count, source.items.count, limit: Self.maximumItems, "a list of more than \(Self.maximumItems) items")
    return try list(
      (0..<count).flatMap { _ in source.items }, source.isTuple ? .tuple : .list)
  }

  /// Throws what using an undefined value says.
  func checkDefined(_ value: TemplateValue) throws(Failure) {
    if case .undefined(let problem) = value { throw failure(problem) }
  }
}
