// The arguments of a call, read by place or by name.

import SafeIO

/// The evaluated arguments of a function, filter, test or method.
struct TemplateCall {
  let evaluator: TemplateEvaluator
  var positional: [TemplateValue]
  var named: [(name: String, value: TemplateValue)] = []

  init(_ evaluator: TemplateEvaluator, positional: [TemplateValue] = []) {
    self.evaluator = evaluator
    self.positional = positional
  }

  func failure(_ problem: String) -> Failure { evaluator.failure(problem) }

  /// The argument at a place or of a name.
  func argument(_ index: Int, _ name: String) -> TemplateValue? {
    index < positional.count ? positional[index] : self[name]
  }

  /// The argument of a name.
  subscript(name: String) -> TemplateValue? { named.last { $0.name == name }?.value }

  func required(_ index: Int, _ name: String) throws(Failure) -> TemplateValue {
    guard let value = argument(index, name) else { throw failure("missing argument '\(name)'") }
    return value
  }

  /// An integer; nil when the argument is missing or None.
  func integer(_ index: Int, _ name: String) throws(Failure) -> Int? {
    guard let value = argument(index, name), !value.isNone else { return nil }
    guard let number = value.integerValue else {
      try evaluator.checkDefined(value)
      throw failure("'\(value.typeName)' object cannot be interpreted as an integer")
    }
    return number
  }

  /// A text; nil when the argument is missing or None.
  func text(_ index: Int, _ name: String) throws(Failure) -> String? {
    guard let value = argument(index, name), !value.isNone else { return nil }
    return try text(value, name)
  }

  func requiredText(_ index: Int, _ name: String) throws(Failure) -> String {
    try text(try required(index, name), name)
  }

  private func text(_ value: TemplateValue, _ name: String) throws(Failure) -> String {
    try evaluator.checkDefined(value)
    guard let text = value.textValue else {
      throw failure("argument '\(name)' must be str, not \(value.typeName)")
    }
    return text
  }

  func flag(_ index: Int, _ name: String, _ initial: Bool = false) -> Bool {
    argument(index, name)?.isTrue ?? initial
  }

  /// The same call without its first positional arguments.
  func dropping(_ count: Int) throws(Failure) -> TemplateCall {
    try evaluator.hold(32 * positional.count)
    var call = self
    call.positional = Array(positional.dropFirst(count))
    return call
  }
}
