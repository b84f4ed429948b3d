// Statements: what they write, and the names they set.

import SafeIO

extension TemplateEvaluator {
  /// How a list of statements ended.
  enum Ending {
    case normal
    case breaking
    case continuing
  }

  func run(
    _ statements: [TemplateStatement], in scope: TemplateScope, to output: inout String
  ) throws(Failure) -> Ending {
    for statement in statements {
      place = statement.place
      let ending = try run(statement, in: scope, to: &output)
      guard ending == .normal else { return ending }
    }
    return .normal
  }

  private func run(
    _ statement: TemplateStatement, in scope: TemplateScope, to output: inout String
  ) throws(Failure) -> Ending {
    try enter()
    defer { leave() }
    switch statement.kind {
    case .text(let text): try append(text, to: &output)
    case .output(let expression):
      let value = try evaluate(expression, scope)
      try append(try string(value), to: &output)
    case .branches(let branches):
      for branch in branches {
        if let test = branch.test, try !evaluate(test, scope).isTrue { continue }
        return try run(branch.body, in: scope, to: &output)
      }
    case .loop(let loop): try run(loop, in: scope, to: &output)
    case .breaking: return .breaking
    case .continuing: return .continuing
    case .scope(let body): return try run(body, in: TemplateScope(in: scope), to: &output)
    case .block(let body, let isScoped):
      return try run(body, in: TemplateScope(in: isScoped ? scope : scope.root), to: &output)
    case .sequence(let body): return try run(body, in: scope, to: &output)
    default: try runAssignment(statement.kind, in: scope, to: &output)
    }
    return .normal
  }

  private func runAssignment(
    _ kind: TemplateStatement.Kind, in scope: TemplateScope, to output: inout String
  ) throws(Failure) {
    switch kind {
    case .set(let target, let expression):
      try assign(try evaluate(expression, scope), to: target, in: scope)
    case .setBlock(let target, let filter, let body):
      var text = ""
      _ = try run(body, in: TemplateScope(in: scope), to: &text)
      try assign(try filtered(.string(text), by: filter, in: scope), to: target, in: scope)
    case .filterBlock(let filter, let body):
      var text = ""
      _ = try run(body, in: TemplateScope(in: scope), to: &text)
      try append(try string(try filtered(.string(text), by: filter, in: scope)), to: &output)
    case .macro(let macro): scope[macro.name] = .function(try function(macro, in: scope))
    case .callBlock(let call, let caller):
      let caller = TemplateValue.function(try function(caller, in: scope))
      try append(try string(try evaluateCall(call, scope, caller: caller)), to: &output)
    case .with(let values, let body):
      let inner = TemplateScope(in: scope)
      for (target, value) in values { try assign(try evaluate(value, scope), to: target, in: inner) }
      _ = try run(body, in: inner, to: &output)
    default: break
    }
  }

  /// A text through the filters of a block.
  private func filtered(
    _ value: TemplateValue, by filter: TemplateExpression?, in scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    guard let filter, case .filter(let operand, let name, let arguments) = filter.kind else { return value }
    let value = try filtered(value, by: operand, in: scope)
    return try apply(filter: name, to: value, try call(arguments, scope))
  }

  func assign(
    _ value: TemplateValue, to target: TemplateTarget, in scope: TemplateScope
  ) throws(Failure) {
    switch target {
    case .name(let name): scope[name] = value
    case .attribute(let name, let attribute):
      guard case .object(let object)? = scope[name], let namespace = object as? TemplateNamespace else {
        throw failure("cannot assign attribute on non-namespace object")
      }
      if let refusal = TemplateNamespace.refusal(attribute) { throw failure(refusal) }
      try set(.string(attribute), to: value, in: namespace.values)
    case .tuple(let targets):
      guard value.isIterable else {
        throw failure("cannot unpack non-iterable \(value.typeName) object")
      }
      let items = try items(of: value)
      guard items.count == targets.count else {
        throw failure(
          items.count < targets.count
            ? "not enough values to unpack (expected \(targets.count), got \(items.count))"
            : "too many values to unpack (expected \(targets.count))")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, in: scope) }
    }
  }
}
