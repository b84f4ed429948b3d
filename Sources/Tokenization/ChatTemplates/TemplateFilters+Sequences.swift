// Filters of lists and mappings.

import SafeIO

extension TemplateFilters {
  static func length(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    switch value {
    case .undefined: return .integer(0)
    case .string(let text), .markup(let text):
      try call.evaluator.spend(text.utf8.count >> 4)
      return .integer(text.unicodeScalars.count)
    case .mapping(let mapping): return .integer(mapping.count)
    case .list(let list) where list.kind != .generator: return .integer(list.items.count)
    case .object(let object):
      if let loop = object as? TemplateLoop { return .integer(loop.items.count) }
    default: break
    }
    throw call.failure("object of type '\(value.typeName)' has no len()")
  }

  static func first(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    if case .list(let list) = value, list.kind == .generator, !list.items.isEmpty {
      try call.evaluator.spend(list.items.count)
      return list.items.removeFirst()
    }
    return try call.evaluator.items(of: value).first ?? .undefined("No first item, sequence was empty.")
  }

  static func last(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    if case .list(let list) = value, list.kind == .generator {
      throw call.failure("'generator' object is not reversible")
    }
    return try call.evaluator.items(of: value).last ?? .undefined("No last item, sequence was empty.")
  }

  static func reverse(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    if let text = value.textValue {
      return value.marking(
        try call.evaluator.text(String(String.UnicodeScalarView(text.unicodeScalars.reversed()))))
    }
    return try call.evaluator.list(try call.evaluator.items(of: value).reversed(), .generator)
  }

  static func items(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    switch value {
    case .undefined: return try call.evaluator.list([], .generator)
    case .mapping(let mapping):
      return try call.evaluator.list(try TemplateMethods.pairs(mapping, call.evaluator), .generator)
    default: throw call.failure("Can only get item pairs from a mapping.")
    }
  }

  static func join(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let separator =
      try call.argument(0, "d").map { value throws(Failure) in try call.evaluator.string(value) } ?? ""
    let attribute = try path(call.argument(1, "attribute"), call)
    var result = ""
    for (index, item) in try call.evaluator.items(of: value).enumerated() {
      let item = try attribute?.value(of: item, call.evaluator) ?? item
      if index > 0 { try call.evaluator.append(separator, to: &result) }
      try call.evaluator.append(try call.evaluator.string(item), to: &result)
    }
    return .string(result)
  }

  static func map(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    // Nothing is mapped of what counts as false, None among it.
    let items = value.isTrue ? try call.evaluator.items(of: value) : []
    var results: [TemplateValue] = []
    if call.positional.isEmpty, let attribute = try path(call.argument(0, "attribute"), call) {
      let initial = call.argument(1, "default")
      for item in items {
        results.append(try attribute.value(of: item, call.evaluator, initial: initial))
      }
    } else {
      guard let name = try call.text(0, "name") else { throw call.failure("map requires a filter argument") }
      let arguments = try call.dropping(1)
      for item in items { results.append(try call.evaluator.apply(filter: name, to: item, arguments)) }
    }
    return try call.evaluator.list(results, .generator)
  }

  static func select(
    _ value: TemplateValue, _ call: TemplateCall, keeps: Bool, byAttribute: Bool = false
  ) throws(Failure) -> TemplateValue {
    var call = call
    var attribute: TemplatePath?
    if byAttribute {
      attribute = try path(try call.required(0, "attribute"), call)
      call = try call.dropping(1)
    }
    let name = try call.text(0, "test")
    let arguments = try call.dropping(1)
    var results: [TemplateValue] = []
    for item in value.isTrue ? try call.evaluator.items(of: value) : [] {
      try call.evaluator.spend()
      let tested = try attribute?.value(of: item, call.evaluator) ?? item
      let passes = try name.map { name throws(Failure) in
        try call.evaluator.apply(test: name, to: tested, arguments)
      }
      if passes ?? tested.isTrue == keeps { results.append(item) }
    }
    return try call.evaluator.list(results, .generator)
  }

  static func sum(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let attribute = try path(call.argument(0, "attribute"), call)
    var total = call.argument(1, "start") ?? .integer(0)
    guard total.textValue == nil else {
      throw call.failure("sum() can't sum strings [use ''.join(seq) instead]")
    }
    for item in try call.evaluator.items(of: value) {
      total = try call.evaluator.compute("+", total, try attribute?.value(of: item, call.evaluator) ?? item)
    }
    return total
  }

  static func batch(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let size = try call.integer(0, "linecount"), size > 0 else {
      throw call.failure("batch needs a positive count")
    }
    let items = try call.evaluator.items(of: value)
    guard size <= TemplateEvaluator.maximumItems else {
      throw call.failure("a batch of \(size) is too large")
    }
    var batches: [TemplateValue] = []
    for start in stride(from: 0, to: items.count, by: size) {
      var batch = Array(items[start..<min(start + size, items.count)])
      if let filler = call.argument(1, "fill_with"), !filler.isNone {
        batch += Array(repeating: filler, count: size - batch.count)
      }
      batches.append(try call.evaluator.list(batch))
    }
    return try call.evaluator.list(batches, .generator)
  }

  static func slices(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let count = try call.integer(0, "slices"), 1...TemplateEvaluator.maximumItems ~= count else {
      throw call.failure("slice needs a positive count")
    }
    let items = try call.evaluator.items(of: value)
    let (size, more) = items.count.quotientAndRemainder(dividingBy: count)
    var slices: [TemplateValue] = []
    var start = 0
    for index in 0..<count {
      let end = start + size + (index < more ? 1 : 0)
      var slice = Array(items[start..<end])
      if let filler = call.argument(1, "fill_with"), !filler.isNone, index >= more { slice.append(filler) }
      slices.append(try call.evaluator.list(slice))
      start = end
    }
    return try call.evaluator.list(slices, .generator)
  }

  /// The attribute that an argument names; nil when it is missing or None.
  static func path(_ value: TemplateValue?, _ call: TemplateCall) throws(Failure) -> TemplatePath? {
    guard let value, !value.isNone else { return nil }
    if let index = value.integerValue { return TemplatePath(parts: [.integer(index)]) }
    guard let text = value.textValue else { throw call.failure("an attribute must be a name or an index") }
    let parts = TemplateText.split(text, by: ".")
    return TemplatePath(parts: parts.map { part in Int(part).map { .integer($0) } ?? .string(part) })
  }
}

/// Names of attributes to follow one after the other, as in `function.name`.
struct TemplatePath {
  let parts: [TemplateValue]

  /// - Parameter initial: what stands for an attribute that is not there.
  func value(
    of value: TemplateValue, _ evaluator: TemplateEvaluator, initial: TemplateValue? = nil
  ) throws(Failure) -> TemplateValue {
    var value = value
    for part in parts {
      try evaluator.spend()
      value = try evaluator.item(part, of: value)
      if value.isUndefined, let initial, !initial.isNone { value = initial }
    }
    return value
  }
}
