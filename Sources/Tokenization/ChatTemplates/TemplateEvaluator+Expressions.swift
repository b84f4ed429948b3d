// Expressions. Each kind has a function of its own, which keeps the frames of the recursion small.

import SafeIO

extension TemplateEvaluator {
  func evaluate(_ expression: TemplateExpression, _ scope: TemplateScope) throws(Failure) -> TemplateValue {
    try enter()
    defer { leave() }
    place = expression.place
    switch expression.kind {
    case .constant(let constant): return Self.value(constant)
    case .name(let name): return lookup(name, scope)
    case .list(let items): return try list(try evaluate(items, scope))
    case .tuple(let items): return try list(try evaluate(items, scope), .tuple)
    case .mapping(let pairs): return try mapping(pairs, scope)
    case .attribute(let operand, let name):
      let value = try evaluate(operand, scope)
      place = expression.place
      return try attribute(name, of: value)
    case .subscripted(let operand, let key): return try subscripted(operand, key, scope)
    case .slice: throw failure("a slice without brackets")
    case .call: return try evaluateCall(expression, scope)
    case .filter(let operand, let name, let arguments): return try filtered(operand, name, arguments, scope)
    case .test(let operand, let name, let arguments): return try tested(operand, name, arguments, scope)
    case .unary(let symbol, let operand):
      let value = try evaluate(operand, scope)
      place = expression.place
      return try unary(symbol, value)
    case .binary(let symbol, let left, let right): return try binary(symbol, left, right, scope)
    case .concatenation(let parts): return try concatenated(parts, scope)
    case .comparison(let first, let parts): return try compared(first, parts, scope)
    case .conditional(let value, let test, let otherwise):
      if try evaluate(test, scope).isTrue { return try evaluate(value, scope) }
      guard let otherwise else {
        return .undefined("the inline if-expression evaluated to false and no else section was defined.")
      }
      return try evaluate(otherwise, scope)
    }
  }

  private static func value(_ constant: TemplateConstant) -> TemplateValue {
    switch constant {
    case .none: .none
    case .bool(let flag): .bool(flag)
    case .integer(let value): .integer(value)
    case .bigInteger(let digits): .bigInteger(digits)
    case .double(let value): .double(value)
    case .string(let text): .string(text)
    }
  }

  private func lookup(_ name: String, _ scope: TemplateScope) -> TemplateValue {
    scope[name] ?? TemplateGlobals.function(name) ?? .undefined("'\(name)' is undefined")
  }

  private func evaluate(
    _ expressions: [TemplateExpression], _ scope: TemplateScope
  ) throws(Failure) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try evaluate(expression, scope)) }
    return values
  }

  private func mapping(_ pairs: [TemplatePair], _ scope: TemplateScope) throws(Failure) -> TemplateValue {
    let mapping = try makeMapping()
    for pair in pairs {
      let key = try evaluate(pair.key, scope)
      try set(key, to: try evaluate(pair.value, scope), in: mapping)
    }
    return .mapping(mapping)
  }

  /// A value as the key of a mapping.
  func key(_ value: TemplateValue) throws(Failure) -> TemplateKey {
    try spend(onKey: value)
    guard let key = TemplateKey(value) else { throw failure("unhashable type: '\(value.typeName)'") }
    return key
  }

  /// Counts the work of making a key, and what its entry takes.
  func spend(onKey value: TemplateValue) throws(Failure) {
    switch value {
    case .string(let text), .markup(let text): try spend(8 + text.utf8.count >> 3)
    case .list(let list) where list.isTuple:
      for item in list.items { try spend(8 + (item.textValue?.utf8.count ?? 0) >> 4) }
    default: try spend(8)
    }
  }

  private func filtered(
    _ operand: TemplateExpression?, _ name: String, _ arguments: TemplateArguments, _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    guard let operand else { throw failure("the filter '\(name)' has no value") }
    let start = place
    let value = try evaluate(operand, scope)
    let call = try call(arguments, scope)
    place = start
    return try apply(filter: name, to: value, call)
  }

  private func tested(
    _ operand: TemplateExpression, _ name: String, _ arguments: TemplateArguments, _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    let start = place
    let value = try evaluate(operand, scope)
    let call = try call(arguments, scope)
    place = start
    return .bool(try apply(test: name, to: value, call))
  }

  /// The values of a call's arguments.
  func call(
    _ arguments: TemplateArguments, _ scope: TemplateScope, caller: TemplateValue? = nil
  ) throws(Failure) -> TemplateCall {
    var call = TemplateCall(self, positional: try evaluate(arguments.positional, scope))
    for argument in arguments.named {
      call.named.append((argument.name, try evaluate(argument.value, scope)))
    }
    if let list = arguments.list { call.positional += try items(of: try evaluate(list, scope)) }
    if let more = arguments.mapping {
      guard case .mapping(let mapping) = try evaluate(more, scope) else {
        throw failure("argument after ** must be a mapping")
      }
      for (key, value) in zip(mapping.keys, mapping.values) {
        try spend(onKey: key)
        call.named.append((try string(key), value))
      }
    }
    if let caller { call.named.append(("caller", caller)) }
    return call
  }

  /// A call; `caller` is the body of a call block.
  func evaluateCall(
    _ expression: TemplateExpression, _ scope: TemplateScope, caller: TemplateValue? = nil
  ) throws(Failure) -> TemplateValue {
    guard case .call(let operand, let arguments) = expression.kind else { throw failure("expected a call") }
    let start = expression.place
    let callee = try evaluate(operand, scope)
    let call = try call(arguments, scope, caller: caller)
    place = start
    return try self.call(callee, call)
  }

  func call(_ callee: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    switch callee {
    case .function(let function): return try function.body(call)
    case .object(let object):
      if let loop = object as? TemplateLoop {
        guard let again = loop.again else {
          throw failure("The loop must have the 'recursive' marker to be called recursively.")
        }
        return try again.body(call)
      }
      if let joiner = object as? TemplateJoiner { return joiner.next() }
    case .undefined(let problem): throw failure(problem)
    default: break
    }
    throw failure("'\(callee.typeName)' object is not callable")
  }

  private func concatenated(
    _ parts: [TemplateExpression], _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    var text = ""
    for part in parts { try append(try string(try evaluate(part, scope)), to: &text) }
    return .string(text)
  }

  private func compared(
    _ first: TemplateExpression, _ parts: [TemplatePart], _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    let start = place
    var left = try evaluate(first, scope)
    for part in parts {
      let right = try evaluate(part.operand, scope)
      place = start
      guard try compare(left, part.comparison, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }
}
