// The functions that every template can call: a table of names.

import SafeIO

/// What templates can call.
enum TemplateGlobals {
  private typealias Function = @Sendable (TemplateCall) throws(Failure) -> TemplateValue

  private static let table: [String: Function] = [
    "cycler": cycler,
    "joiner": joiner,
    "lipsum": { (call) throws(Failure) in
      throw call.failure("the function 'lipsum' is not available, a template gives the same text every time")
    },
    "namespace": namespace,
    "raise_exception": raise,
    "range": range,
    "strftime_now": time,
  ]

  static func function(_ name: String) -> TemplateValue? {
    if name == "dict" { return .function(dictionary) }
    return table[name].map { function in
      .function(TemplateFunction(name) { call throws(Failure) in try function(call) })
    }
  }

  private static func raise(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    throw call.failure(try call.evaluator.string(try call.required(0, "message")))
  }

  private static func time(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let format = try call.text(0, "format") else { throw call.failure("strftime_now needs a format") }
    let clock = call.evaluator.now ?? WallClock.current()
    guard let text = clock.formatted(format) else { throw call.failure("the format of the time is too long") }
    return .string(text)
  }

  private static func range(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard 1...3 ~= call.positional.count else {
      throw call.failure("range expected 1 to 3 arguments, got \(call.positional.count)")
    }
    let first = try call.integer(0, "start") ?? 0
    let second = try call.integer(1, "stop")
    let step = try call.integer(2, "step") ?? 1
    guard step != 0 else { throw call.failure("range() arg 3 must not be zero") }
    let (start, end) = second.map { (first, $0) } ?? (0, first)
    var items: [TemplateValue] = []
    for number in stride(from: start, to: end, by: step) {
      guard items.count < TemplateEvaluator.maximumItems else {
        throw call.failure(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (\(TemplateEvaluator.maximumItems))."
        )
      }
      items.append(.integer(number))
    }
    return try call.evaluator.list(
      items, .range(TemplateRange(start: start, stop: end, step: step)))
  }

  private static var dictionary: TemplateFunction {
    let method = TemplateFunction("fromkeys") { call throws(Failure) in try fromKeys(call) }
    return TemplateFunction("dict", attributes: ["fromkeys": .function(method)]) { call throws(Failure) in
      .mapping(try mapping(call))
    }
  }

  /// A mapping with one value for all keys.
  static func fromKeys(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    let mapping = try call.evaluator.makeMapping()
    for key in try call.evaluator.items(of: try call.required(0, "iterable")) {
      try call.evaluator.set(key, to: call.argument(1, "value") ?? .none, in: mapping)
    }
    return .mapping(mapping)
  }

  private static func namespace(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    let values = try mapping(call)
    for key in values.keys {
      if let name = key.textValue, let refusal = TemplateNamespace.refusal(name) {
        throw call.failure(refusal)
      }
    }
    // It can be made to contain itself.
    try call.evaluator.keep(values)
    return .object(TemplateNamespace(values))
  }

  /// The mapping that the arguments describe: a mapping or pairs, then named values.
  private static func mapping(_ call: TemplateCall) throws(Failure) -> TemplateMapping {
    let result = try call.evaluator.makeMapping()
    if let source = call.positional.first { try update(result, with: source, call) }
    for (name, value) in call.named { try call.evaluator.set(.string(name), to: value, in: result) }
    return result
  }

  /// Sets the members of a mapping, or pairs, in another mapping.
  static func update(
    _ mapping: TemplateMapping, with source: TemplateValue, _ call: TemplateCall
  ) throws(Failure) {
    if case .mapping(let other) = source {
      try call.evaluator.spend(other.count)
      for (key, value) in zip(other.keys, other.values) {
        try call.evaluator.set(key, to: value, in: mapping)
      }
      return
    }
    for item in try call.evaluator.items(of: source) {
      let pair = try call.evaluator.items(of: item)
      guard pair.count == 2 else { throw call.failure("a mapping is made of pairs") }
      try call.evaluator.set(pair[0], to: pair[1], in: mapping)
    }
  }

  private static func cycler(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard !call.positional.isEmpty else { throw call.failure("at least one item has to be provided") }
    let cycler = TemplateCycler(call.positional)
    try call.evaluator.keep(cycler)
    return .object(cycler)
  }

  private static func joiner(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    .object(TemplateJoiner(try call.text(0, "sep") ?? ", "))
  }
}

/// Gives one item after the other, and begins again.
final class TemplateCycler: TemplateObject, TemplateHolder {
  private var items: [TemplateValue]
  private var position = 0

  init(_ items: [TemplateValue]) { self.items = items }

  var typeName: String { "Cycler" }

  func release() { items = [] }

  func attribute(_ name: String) -> TemplateValue? {
    switch name {
    case "current": items[position]
    case "next":
      .function(
        TemplateFunction("next") { [unowned self] _ in
          defer { self.position = (self.position + 1) % self.items.count }
          return self.items[self.position]
        })
    case "reset":
      .function(
        TemplateFunction("reset") { [unowned self] _ in
          self.position = 0
          return .none
        })
    default: nil
    }
  }
}

/// Empty at the first call, the separator afterwards.
final class TemplateJoiner: TemplateObject {
  private let separator: String
  private var isUsed = false

  init(_ separator: String) { self.separator = separator }

  var typeName: String { "Joiner" }

  func attribute(_ name: String) -> TemplateValue? { nil }

  func next() -> TemplateValue {
    defer { isUsed = true }
    return .string(isUsed ? separator : "")
  }
}
