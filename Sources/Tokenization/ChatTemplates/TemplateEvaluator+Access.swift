// Attributes, indices and slices. `a.b` looks for a method first and for the key then, `a["b"]` the other way round.

import SafeIO

extension TemplateEvaluator {
  func attribute(_ name: String, of value: TemplateValue) throws(Failure) -> TemplateValue {
    try checkDefined(value)
    try spend(name.utf8.count >> 4)
    if let attribute = ownAttribute(name, of: value) { return attribute }
    if case .mapping(let mapping) = value, let item = mapping[name] { return item }
    return .undefined("'\(value.description)' has no attribute '\(name)'")
  }

  /// An attribute that is no key; nil when there is none.
  func ownAttribute(_ name: String, of value: TemplateValue) -> TemplateValue? {
    if name.hasPrefix("__"), name.hasSuffix("__") { return TemplateMethods.unsafe(name, value) }
    if let method = TemplateMethods.method(name, of: value) { return method }
    switch value {
    case .object(let object): return object.attribute(name)
    case .function(let function): return function.attributes[name]
    case .list(let list):
      if case .range(let range) = list.kind {
        return ["start": range.start, "stop": range.stop, "step": range.step][name].map { .integer($0) }
      }
      guard case .named(let names) = list.kind, let index = names.firstIndex(of: name) else { return nil }
      return list.items[index]
    default: return nil
    }
  }

  func subscripted(
    _ operand: TemplateExpression, _ key: TemplateExpression, _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    let start = place
    let value = try evaluate(operand, scope)
    if case .slice(let first, let end, let step) = key.kind {
      let bounds = (try bound(first, scope), try bound(end, scope), try bound(step, scope))
      place = start
      return try slice(value, bounds.0, bounds.1, bounds.2 ?? 1)
    }
    let index = try evaluate(key, scope)
    place = start
    return try item(index, of: value)
  }

  /// The item of a list, the value of a key, or an attribute.
  func item(_ index: TemplateValue, of value: TemplateValue) throws(Failure) -> TemplateValue {
    try checkDefined(value)
    switch value {
    case .mapping(let mapping):
      try spend(onKey: index)
      if let key = TemplateKey(index), let item = mapping[key] { return item }
    case .list(let list) where list.isIndexed:
      if let place = Self.place(index, count: list.items.count) { return list.items[place] }
    case .string(let text), .markup(let text):
      if let number = index.integerValue {
        try spend(text.utf8.count >> 3)
        let scalars = Array(text.unicodeScalars)
        if let place = Self.place(.integer(number), count: scalars.count) {
          return value.marking(.string(String(scalars[place])))
        }
      }
    default: break
    }
    guard let name = index.textValue else {
      return .undefined("\(value.description) has no element \(try literal(index))")
    }
    return ownAttribute(name, of: value)
      ?? .undefined("'\(value.description)' has no attribute '\(name)'")
  }

  private static func place(_ index: TemplateValue, count: Int) -> Int? {
    guard let index = index.integerValue else { return nil }
    let place = index < 0 ? index + count : index
    return 0..<count ~= place ? place : nil
  }

  private func bound(_ expression: TemplateExpression?, _ scope: TemplateScope) throws(Failure) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression, scope)
    if value.isNone { return nil }
    guard let bound = value.integerValue else {
      throw failure("slice indices must be integers or None or have an __index__ method")
    }
    return bound
  }

  private func slice(
    _ value: TemplateValue, _ start: Int?, _ end: Int?, _ step: Int
  ) throws(Failure) -> TemplateValue {
    guard step != 0 else { throw failure("slice step cannot be zero") }
    switch value {
    case .string(let text), .markup(let text):
      try spend(text.utf8.count >> 3)
      let scalars = Array(text.unicodeScalars)
      var result = String.UnicodeScalarView()
      let bounds = Self.bounds(start, end, step, count: scalars.count)
      for index in stride(from: bounds.start, to: bounds.stop, by: bounds.step) {
        result.append(scalars[index])
      }
      return value.marking(try self.text(String(result)))
    case .list(let source) where source.isIndexed:
      let bounds = Self.bounds(start, end, step, count: source.items.count)
      let places = stride(from: bounds.start, to: bounds.stop, by: bounds.step)
      let items = places.map { source.items[$0] }
      if case .range(let range) = source.kind { return try list(items, .range(range.slice(bounds))) }
      return try list(items, source.isTuple ? .tuple : .list)
    case .undefined(let problem): throw failure(problem)
    default: throw failure("'\(value.typeName)' object is not subscriptable")
    }
  }

  /// The places of a slice, all within `count`.
  private static func bounds(
    _ start: Int?, _ end: Int?, _ step: Int, count: Int
  ) -> (start: Int, stop: Int, step: Int) {
    let clamped = { (bound: Int?, initial: Int) -> Int in
      guard let bound else { return initial }
      let place = bound < 0 ? bound + count : bound
      return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
    }
    // A step beyond the list takes one item, whatever its size.
    let step = min(max(step, -count - 1), count + 1)
    return step > 0
      ? (clamped(start, 0), clamped(end, count), step) : (clamped(start, count - 1), clamped(end, -1), step)
  }
}
