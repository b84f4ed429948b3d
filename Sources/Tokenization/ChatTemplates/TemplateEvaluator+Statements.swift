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
      line = statement.line
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
        throw failure("can't set '\(name).\(attribute)', '\(name)' is no namespace")
      }
      namespace.values.set(attribute, to: value)
    case .tuple(let targets):
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

  /// A macro, which sees the names around it as they are when it is called.
  private func function(
    _ macro: TemplateMacroStatement, in scope: TemplateScope
  ) throws(Failure) -> TemplateFunction {
    try keep(scope)
    return TemplateFunction(macro.name) { [unowned self] call throws(Failure) in
      try self.run(macro, call, in: scope)
    }
  }

  private func run(
    _ macro: TemplateMacroStatement, _ call: TemplateCall, in scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    try enter()
    defer { leave() }
    let inner = TemplateScope(in: scope)
    // Each parameter is looked for among the names.
    try spend(macro.parameters.count * call.named.count)
    let named = call.named.filter { $0.name != "caller" }
    if let caller = call.named.last(where: { $0.name == "caller" }) { inner["caller"] = caller.value }
    var used = 0
    for (index, parameter) in macro.parameters.enumerated() {
      if let value = named.last(where: { $0.name == parameter.name })?.value {
        inner[parameter.name] = value
        used += 1
      } else if index < call.positional.count {
        inner[parameter.name] = call.positional[index]
      } else if let initial = parameter.initial {
        inner[parameter.name] = try evaluate(initial, inner)
      } else {
        inner[parameter.name] = .undefined("parameter '\(parameter.name)' was not provided")
      }
    }
    let more = call.positional.dropFirst(macro.parameters.count)
    guard more.isEmpty || macro.takesMore else {
      throw failure("macro '\(macro.name)' takes not more than \(macro.parameters.count) argument(s)")
    }
    if macro.takesMore { inner["varargs"] = try list(Array(more), .tuple) }
    if macro.takesMoreNamed {
      let rest = try makeMapping()
      for (name, value) in named where !macro.parameters.contains(where: { $0.name == name }) {
        rest.set(name, to: value)
      }
      inner["kwargs"] = .mapping(rest)
    } else if used < named.count {
      let unknown = named.first { argument in !macro.parameters.contains { $0.name == argument.name } }
      throw failure("macro '\(macro.name)' takes no keyword argument '\(unknown?.name ?? "")'")
    }
    let place = line
    var text = ""
    _ = try run(macro.body, in: inner, to: &text)
    line = place
    return .string(text)
  }
}
