// Macros: what a call gives to their parameters, and the body of a call block as `caller`.

import SafeIO

extension TemplateEvaluator {
  /// A macro, which sees the names around it as they are when it is called.
  func function(_ macro: TemplateMacroStatement, in scope: TemplateScope) throws(Failure) -> TemplateFunction
  {
    try keep(scope)
    let attributes: [String: TemplateValue] = [
      "name": .string(macro.name),
      "arguments": try list(macro.parameters.map { .string($0.name) }, .tuple),
      "catch_kwargs": .bool(macro.takesMoreNamed),
      "catch_varargs": .bool(macro.takesMore),
      "caller": .bool(macro.takesCaller),
    ]
    return TemplateFunction(macro.name, attributes: attributes) { [unowned self] call throws(Failure) in
      try self.run(macro, call, in: scope)
    }
  }

  private func run(
    _ macro: TemplateMacroStatement, _ call: TemplateCall, in scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    try enter()
    defer { leave() }
    let start = place
    let inner = TemplateScope(in: scope)
    try bind(macro, call, in: inner)
    var text = ""
    _ = try run(macro.body, in: inner, to: &text)
    place = start
    return .string(text)
  }

  /// Gives a macro's names their values.
  private func bind(
    _ macro: TemplateMacroStatement, _ call: TemplateCall, in scope: TemplateScope
  ) throws(Failure) {
    var named = call.named
    func take(_ name: String) throws(Failure) -> TemplateValue? {
      try spend(named.count)
      return named.firstIndex { $0.name == name }.map { named.remove(at: $0).value }
    }
    var values = call.positional.prefix(macro.parameters.count).map(Optional.some)
    for parameter in macro.parameters.dropFirst(values.count) { values.append(try take(parameter.name)) }
    if macro.takesCaller, !macro.parameters.contains(where: { $0.name == "caller" }) {
      scope["caller"] = try take("caller") ?? .undefined("No caller defined")
    }
    if macro.takesMoreNamed {
      let rest = try makeMapping()
      for (name, value) in named { try set(.string(name), to: value, in: rest) }
      scope["kwargs"] = .mapping(rest)
    } else if let first = named.first {
      throw failure(
        named.contains { $0.name == "caller" }
          ? "macro '\(macro.name)' was invoked with two values for the special caller argument."
            + " This is most likely a bug."
          : "macro '\(macro.name)' takes no keyword argument '\(first.name)'")
    }
    let more = Array(call.positional.dropFirst(macro.parameters.count))
    if macro.takesMore {
      scope["varargs"] = try list(more, .tuple)
    } else if !more.isEmpty {
      throw failure("macro '\(macro.name)' takes not more than \(macro.parameters.count) argument(s)")
    }
    for (parameter, value) in zip(macro.parameters, values) {
      if let value {
        scope[parameter.name] = value
      } else if let initial = parameter.initial {
        // It may name the parameters before its own.
        scope[parameter.name] = try evaluate(initial, scope)
      } else {
        scope[parameter.name] = .undefined("parameter '\(parameter.name)' was not provided")
      }
    }
  }
}
