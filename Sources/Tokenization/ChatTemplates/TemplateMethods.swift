// Methods of values, as Python has them: a table for each type. What would change a list or a mapping is refused, as the
// sandbox of transformers refuses it.

import SafeIO

/// The methods of values.
enum TemplateMethods {
  typealias TextMethod = @Sendable (String, TemplateCall) throws(Failure) -> TemplateValue
  private typealias ListMethod = @Sendable (TemplateList, TemplateCall) throws(Failure) -> TemplateValue
  private typealias MappingMethod = @Sendable (TemplateMapping, TemplateCall) throws(Failure) -> TemplateValue

  private static let ofLists: [String: ListMethod] = [
    "copy": { (list, call) throws(Failure) in try call.evaluator.list(list.items) },
    "count": { (list, call) throws(Failure) in
      let value = try call.required(0, "value")
      var count = 0
      for item in list.items where try call.evaluator.equal(item, value) { count += 1 }
      return .integer(count)
    },
    "index": { (list, call) throws(Failure) in
      let value = try call.required(0, "value")
      let range = try bounds(call, count: list.items.count)
      for index in range ?? 0..<0 where try call.evaluator.equal(list.items[index], value) {
        return .integer(index)
      }
      throw call.failure("\(try call.evaluator.literal(value)) is not in \(list.kind.typeName)")
    },
  ]

  private static let ofMappings: [String: MappingMethod] = [
    "copy": { (mapping, call) throws(Failure) in
      let copy = try call.evaluator.makeMapping()
      try TemplateGlobals.update(copy, with: .mapping(mapping), call)
      return .mapping(copy)
    },
    "fromkeys": { (_, call) throws(Failure) in try TemplateGlobals.fromKeys(call) },
    "get": { (mapping, call) throws(Failure) in
      let key = try call.evaluator.key(try call.required(0, "key"))
      return mapping[key] ?? call.argument(1, "default") ?? .none
    },
    "items": { (mapping, call) throws(Failure) in
      try call.evaluator.list(try pairs(mapping, call.evaluator), .view("dict_items"))
    },
    "keys": { (mapping, call) throws(Failure) in
      try call.evaluator.list(mapping.keys, .view("dict_keys"))
    },
    "values": { (mapping, call) throws(Failure) in
      try call.evaluator.list(mapping.values, .view("dict_values"))
    },
  ]

  private static let changingLists: Set<String> = [
    "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
  ]
  private static let changingMappings: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]

  /// The method of a value, bound to it; nil when its type has none of that name.
  static func method(_ name: String, of value: TemplateValue) -> TemplateValue? {
    switch value {
    case .string(let text): return bound(name, ofTexts, text, .string(text))
    case .markup(let text): return bound(name, ofTexts, text, value)
    case .mapping(let mapping):
      if changingMappings.contains(name) { return unsafe(name, value) }
      return bound(name, ofMappings, mapping, value)
    case .list(let list) where list.kind == .list:
      if changingLists.contains(name) { return unsafe(name, value) }
      return bound(name, ofLists, list, value)
    case .list(let list) where list.isIndexed && name != "copy": return bound(name, ofLists, list, value)
    case .double(let number) where name == "is_integer":
      return .function(TemplateFunction(name) { _ in .bool(number.rounded() == number) })
    default: return nil
    }
  }

  /// What stands for an attribute that the sandbox refuses.
  static func unsafe(_ name: String, _ value: TemplateValue) -> TemplateValue {
    .undefined("access to attribute '\(name)' of '\(value.typeName)' object is unsafe.")
  }

  private static func bound<Receiver>(
    _ name: String, _ table: [String: @Sendable (Receiver, TemplateCall) throws(Failure) -> TemplateValue],
    _ receiver: Receiver, _ value: TemplateValue
  ) -> TemplateValue? {
    guard let method = table[name] else { return nil }
    return .function(
      TemplateFunction(name, height: 1 + value.height) { call throws(Failure) in
        try call.evaluator.spend(on: value, call, name)
        guard value.isMarked else { return try method(receiver, call) }
        return value.marking(try method(receiver, try escapedArguments(call, of: name)))
      })
  }

  /// The arguments of a method of a marked text: those that become part of the result are escaped.
  private static func escapedArguments(
    _ call: TemplateCall, of method: String
  ) throws(Failure) -> TemplateCall {
    var call = call
    switch method {
    case "replace" where call.positional.count > 1:
      call.positional[1] = .string(try call.evaluator.escaped(call.positional[1]))
    case "join" where !call.positional.isEmpty:
      var texts: [String] = []
      for item in try call.evaluator.items(of: call.positional[0]) {
        texts.append(try call.evaluator.escaped(item))
      }
      call.positional[0] = try call.evaluator.list(texts)
    case "format":
      for index in call.positional.indices where call.positional[index].textValue != nil {
        call.positional[index] = .string(try call.evaluator.escaped(call.positional[index]))
      }
      for index in call.named.indices where call.named[index].value.textValue != nil {
        call.named[index].value = .string(try call.evaluator.escaped(call.named[index].value))
      }
    default: break
    }
    return call
  }

  /// Keys and values as tuples.
  static func pairs(
    _ mapping: TemplateMapping, _ evaluator: TemplateEvaluator
  ) throws(Failure) -> [TemplateValue] {
    var pairs: [TemplateValue] = []
    for (key, value) in zip(mapping.keys, mapping.values) {
      pairs.append(try evaluator.list([key, value], .tuple))
    }
    return pairs
  }

  /// The places that the arguments `start` and `end` leave of `count` ones; nil when they begin behind the end.
  static func bounds(_ call: TemplateCall, count: Int) throws(Failure) -> Range<Int>? {
    let clamped = { (place: Int) in place < 0 ? max(place + count, 0) : place }
    let start = clamped(try call.integer(1, "start") ?? 0)
    let end = min(clamped(try call.integer(2, "end") ?? count), count)
    return start <= end ? start..<end : nil
  }
}
