// Attributes, indices and slices. `a.b` looks for a method first and for the key then, `a["b"]` the other way round.

import SafeIO

extension TemplateEvaluator {
  func attribute(_ name: String, of value: TemplateValue) throws(Failure) -> TemplateValue {
    try checkDefined(value)
    try spend(name.utf8.count >> 4)
    if let method = TemplateMethods.method(name, of: value) { return method }
    switch value {
    case .mapping(let mapping): if let item = mapping[name] { return item }
    case .object(let object): if let item = object.attribute(name) { return item }
    case .list(let list):
      if case .named(let names) = list.kind, let index = names.firstIndex(of: name) {
        return list.items[index]
      }
    default: break
    }
    return .undefined("\(Self.owner(value)) has no attribute '\(name)'")
  }

  private static func owner(_ value: TemplateValue) -> String {
    switch value {
    case .none: "'None'"
    default: "'\(value.typeName) object'"
    }
  }

  func subscripted(
    _ operand: TemplateExpression, _ key: TemplateExpression, _ scope: TemplateScope
  ) throws(Failure) -> TemplateValue {
    let place = line
    let value = try evaluate(operand, scope)
    if case .slice(let start, let end, let step) = key.kind {
      let bounds = (try bound(start, scope), try bound(end, scope), try bound(step, scope))
      line = place
      return try slice(value, bounds.0, bounds.1, bounds.2 ?? 1)
    }
    let index = try evaluate(key, scope)
    line = place
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
    case .string(let text):
      if let number = index.integerValue {
        try spend(text.utf8.count >> 4)
        let scalars = Array(text.unicodeScalars)
        if let place = Self.place(.integer(number), count: scalars.count) {
          return .string(String(scalars[place]))
        }
      }
    default: break
    }
    if case .string(let name) = index { return try attribute(name, of: value) }
    return .undefined("\(value.typeName) object has no element \(try literal(index))")
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
      throw failure("slice indices must be integers or None, not \(value.typeName)")
    }
    return bound
  }

  private func slice(_ value: TemplateValue, _ start: Int?, _ end: Int?, _ step: Int) throws(Failure)
    -> TemplateValue
  {
    guard step != 0 else { throw failure("slice step cannot be zero") }
    switch value {
    case .string(let text):
      try spend(text.utf8.count >> 4)
      let scalars = Array(text.unicodeScalars)
      var result = String.UnicodeScalarView()
      for index in Self.indices(start, end, step, count: scalars.count) { result.append(scalars[index]) }
      return try self.text(String(result))
    case .list(let source) where source.isIndexed:
      let items = Self.indices(start, end, step, count: source.items.count).map { source.items[$0] }
      return try list(items, source.isTuple ? .tuple : .list)
    case .undefined(let problem): throw failure(problem)
    default: throw failure("'\(value.typeName)' object is not subscriptable")
    }
  }

  private static func indices(_ start: Int?, _ end: Int?, _ step: Int, count: Int) -> StrideTo<Int> {
    let clamped = { (bound: Int?, initial: Int) -> Int in
      guard let bound else { return initial }
      let place = bound < 0 ? bound + count : bound
      return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
    }
    // A step beyond the list takes one item, whatever its size.
    let step = min(max(step, -count - 1), count + 1)
    return step > 0
      ? stride(from: clamped(start, 0), to: clamped(end, count), by: step)
      : stride(from: clamped(start, count - 1), to: clamped(end, -1), by: step)
  }
}
