// Runs a parsed template. This file holds what bounds a run: steps, text, nesting. A template comes with a model from
// anywhere, so a hostile one must end in a failure, not in a full memory or an overflown stack. What is made or looked
// through costs steps by its size, some thirty bytes each, so that the steps bound memory and time alike.

import SafeIO

/// One rendering.
final class TemplateEvaluator {
  /// Expressions, statements and items looked at.
  private static let maximumSteps = 10_000_000
  /// Bytes of any one text.
  static let maximumText = 4 << 20
  /// Items of any one list.
  static let maximumItems = 100_000
  /// Expressions and statements within each other, calls of macros included.
  private static let maximumDepth = 600
  /// Bytes of a message, which may name what the template made.
  private static let maximumMessage = 10_000
  /// Values within each other.
  static let maximumNesting = 100

  let name: String
  let now: WallClock?
  /// The line of what is evaluated, for messages.
  var line = 1
  private var steps = 0
  private var depth = 0
  private var holders: [any TemplateHolder] = []

  init(name: String, now: WallClock?) {
    self.name = name
    self.now = now
  }

  deinit {
    // One by one, since values within values would be destroyed by recursion, and cycles not at all.
    for holder in holders { holder.release() }
  }

  func failure(_ problem: String) -> Failure {
    let isLong = problem.utf8.count > Self.maximumMessage
    let shown = isLong ? "\(problem.unicodeScalars.prefix(Self.maximumMessage))…" : problem
    return .badData(name, "line \(line): \(shown)")
  }

  /// Counts work.
  func spend(_ count: Int = 1) throws(Failure) {
    let before = steps
    steps += max(count, 0)
    guard steps <= Self.maximumSteps else { throw failure("takes more than \(Self.maximumSteps) steps") }
    if steps >> 17 != before >> 17 { try Interruption.check() }
  }

  /// Counts the work of looking through the texts that a filter, test or method gets.
  /// - Parameter share: a step stands for two to the power of `share` bytes of the operand.
  func spend(on operand: TemplateValue, _ call: TemplateCall, share: Int) throws(Failure) {
    try spend(call.positional.count + call.named.count + Self.size(operand) >> share)
    for argument in call.positional { try spend(Self.size(argument) >> 4) }
    for argument in call.named { try spend(Self.size(argument.value) >> 4) }
  }

  private static func size(_ value: TemplateValue) -> Int { value.textValue?.utf8.count ?? 0 }

  /// Begins something that may contain itself; `leave` follows.
  func enter() throws(Failure) {
    try spend()
    guard depth < Self.maximumDepth else { throw failure("is nested deeper than \(Self.maximumDepth)") }
    depth += 1
  }

  func leave() { depth -= 1 }

  /// A text that was made, when it is not too long; long ones cost steps.
  func text(_ text: String) throws(Failure) -> TemplateValue {
    try checkText(text.utf8.count)
    return .string(text)
  }

  func checkText(_ count: Int) throws(Failure) {
    guard count <= Self.maximumText else {
      throw failure("makes a text of more than \(Self.maximumText) bytes")
    }
    try spend(count >> 4)
  }

  /// Adds to a text, when it does not get too long.
  func append(_ text: String, to output: inout String) throws(Failure) {
    try spend(text.utf8.count >> 4)
    guard output.utf8.count + text.utf8.count <= Self.maximumText else {
      throw failure("makes a text of more than \(Self.maximumText) bytes")
    }
    output += text
  }

  func list(_ items: [TemplateValue], _ kind: TemplateList.Kind = .list) throws(Failure) -> TemplateValue {
    .list(try makeList(items, kind))
  }

  func makeList(
    _ items: [TemplateValue], _ kind: TemplateList.Kind = .list
  ) throws(Failure) -> TemplateList {
    guard items.count <= Self.maximumItems else {
      throw failure("makes a list of more than \(Self.maximumItems) items")
    }
    try spend(8 + items.count)
    let list = TemplateList(items, kind)
    holders.append(list)
    return list
  }

  func makeMapping() throws(Failure) -> TemplateMapping {
    try spend(8)
    let mapping = TemplateMapping()
    holders.append(mapping)
    return mapping
  }

  /// Keeps what holds values until the end.
  func keep(_ holder: any TemplateHolder) throws(Failure) {
    try spend(32)
    holders.append(holder)
  }

  /// A value of the input.
  func value(_ json: JSON) throws(Failure) -> TemplateValue {
    switch json {
    case .null: return .none
    case .bool(let flag): return .bool(flag)
    case .integer(let value): return .integer(value)
    case .bigInteger(let digits): return .bigInteger(digits)
    case .double(let value): return .double(value)
    case .string(let text): return .string(text)
    case .array(let elements):
      var items: [TemplateValue] = []
      for element in elements { items.append(try value(element)) }
      return try list(items)
    case .object(let object):
      let mapping = try makeMapping()
      for (key, element) in object { mapping.set(key, to: try value(element)) }
      return .mapping(mapping)
    }
  }
}
