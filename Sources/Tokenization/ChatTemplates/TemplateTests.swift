// The tests, as in `x is defined`: a table of names. A new one is a row and a function.

import SafeIO

/// What can stand behind `is`.
enum TemplateTests {
  typealias Test = @Sendable (TemplateValue, TemplateCall) throws(Failure) -> Bool

  static let table: [String: Test] = [
    "!=": { (value, call) throws(Failure) in try !call.equals(value) },
    "<": { (value, call) throws(Failure) in try call.compares(value, "<") },
    "<=": { (value, call) throws(Failure) in try call.compares(value, "<=") },
    "==": { (value, call) throws(Failure) in try call.equals(value) },
    ">": { (value, call) throws(Failure) in try call.compares(value, ">") },
    ">=": { (value, call) throws(Failure) in try call.compares(value, ">=") },
    "boolean": { (value, _) in if case .bool = value { true } else { false } },
    "callable": { (value, _) in isCallable(value) },
    "defined": { (value, _) in !value.isUndefined },
    "divisibleby": { (value, call) throws(Failure) in try remainder(value, call.required(0, "num"), call) == 0
    },
    "eq": { (value, call) throws(Failure) in try call.equals(value) },
    "equalto": { (value, call) throws(Failure) in try call.equals(value) },
    "escaped": { (value, _) in value.isMarked },
    "even": { (value, call) throws(Failure) in try remainder(value, .integer(2), call) == 0 },
    "false": { (value, _) in if case .bool(false) = value { true } else { false } },
    "filter": { (value, _) in value.textValue.map { TemplateFilters.table[$0] != nil } ?? false },
    "float": { (value, _) in if case .double = value { true } else { false } },
    "ge": { (value, call) throws(Failure) in try call.compares(value, ">=") },
    "greaterthan": { (value, call) throws(Failure) in try call.compares(value, ">") },
    "gt": { (value, call) throws(Failure) in try call.compares(value, ">") },
    "in": { (value, call) throws(Failure) in
      try call.evaluator.contains(value, in: call.required(0, "seq"))
    },
    "integer": { (value, _) in value.isInteger },
    "iterable": { (value, _) in value.isIterable },
    "le": { (value, call) throws(Failure) in try call.compares(value, "<=") },
    "lessthan": { (value, call) throws(Failure) in try call.compares(value, "<") },
    "lower": { (value, call) throws(Failure) in try hasCase(value, call, upper: false) },
    "lt": { (value, call) throws(Failure) in try call.compares(value, "<") },
    "mapping": { (value, _) in if case .mapping = value { true } else { false } },
    "ne": { (value, call) throws(Failure) in try !call.equals(value) },
    "none": { (value, _) in value.isNone },
    "number": { (value, _) in value.doubleValue != nil },
    "odd": { (value, call) throws(Failure) in try remainder(value, .integer(2), call) == 1 },
    "sameas": { (value, call) throws(Failure) in try isSame(value, call.required(0, "other")) },
    "sequence": { (value, _) in isSequence(value) },
    "string": { (value, _) in value.textValue != nil },
    "test": { (value, _) in value.textValue.map { name in exists(name) } ?? false },
    "true": { (value, _) in if case .bool(true) = value { true } else { false } },
    "undefined": { (value, _) in value.isUndefined },
    "upper": { (value, call) throws(Failure) in try hasCase(value, call, upper: true) },
  ]

  private static func exists(_ name: String) -> Bool { table[name] != nil }

  private static func remainder(
    _ value: TemplateValue, _ divisor: TemplateValue, _ call: TemplateCall
  ) throws(Failure) -> Double? {
    try call.evaluator.compute("%", value, divisor).doubleValue
  }

  private static func isCallable(_ value: TemplateValue) -> Bool {
    switch value {
    case .function, .undefined: true
    case .object(let object): object is TemplateLoop || object is TemplateJoiner
    default: false
    }
  }

  /// Whether a value has a length and items by place or key.
  private static func isSequence(_ value: TemplateValue) -> Bool {
    switch value {
    case .undefined, .mapping: true
    default: value.isSequence
    }
  }

  private static func hasCase(
    _ value: TemplateValue, _ call: TemplateCall, upper: Bool
  ) throws(Failure) -> Bool {
    let text = try call.evaluator.string(value)
    let hasLetters = text.unicodeScalars.contains { $0.properties.isCased }
    return hasLetters && TemplateText.equal(text, upper ? text.uppercased() : text.lowercased())
  }

  private static func isSame(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
    switch (left.unmarked, right.unmarked) {
    case (.none, .none), (.undefined, .undefined): true
    case (.bool(let first), .bool(let second)): first == second
    case (.integer(let first), .integer(let second)): first == second
    case (.string(let first), .string(let second)): TemplateText.equal(first, second)
    case (.list(let first), .list(let second)): first === second
    case (.mapping(let first), .mapping(let second)): first === second
    case (.function(let first), .function(let second)): first === second
    case (.object(let first), .object(let second)): first === second
    default: false
    }
  }
}

extension TemplateCall {
  fileprivate func equals(_ value: TemplateValue) throws(Failure) -> Bool {
    try evaluator.equal(value, required(0, "other"))
  }

  fileprivate func compares(_ value: TemplateValue, _ comparison: String) throws(Failure) -> Bool {
    try evaluator.compare(value, comparison, required(0, "other"))
  }
}

extension TemplateEvaluator {
  func apply(test name: String, to value: TemplateValue, _ call: TemplateCall) throws(Failure) -> Bool {
    guard let test = TemplateTests.table[name] else { throw failure("No test named '\(name)'.") }
    try spend(on: value, call, name)
    return try test(value, call)
  }
}
