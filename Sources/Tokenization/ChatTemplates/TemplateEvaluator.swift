// Runs a parsed template. This file holds what bounds a run: steps, memory, nesting. A template comes with a model from
// anywhere, so a hostile one must end in a failure within a second and 64 MiB, without overflowing the stack. What is
// made or looked through costs steps by its size; what is kept costs bytes. A long conversation gives more of both, since
// a template may well look through all messages at each of them.

import SafeIO

/// One rendering.
final class TemplateEvaluator {
  /// Expressions, statements and items looked at: for any conversation, and more for its values and the bytes of its
  /// texts.
  private static let steps = (base: 3_000_000, perValue: 5_000, perByte: 4)
  /// Bytes of all that is made: for any conversation, and more for its values and the bytes of its texts.
  private static let memory = (base: 24 << 20, perValue: 32 << 10, perByte: 32)
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
  /// Where the expression or statement stands that is evaluated, for messages.
  var place = TemplatePlace()
  private var steps = 0
  private var maximumSteps = TemplateEvaluator.steps.base
  private var bytes = 0
  private var maximumBytes = TemplateEvaluator.memory.base
  private var depth = 0
  private var holders: [any TemplateHolder] = []

  init(name: String, now: WallClock?) {
    self.name = name
    self.now = now
  }

  deinit {
    // One by one, since what stands within each other would be destroyed by recursion, and cycles not at all.
    for holder in holders { holder.release() }
  }

  func failure(_ problem: String) -> Failure {
    let isLong = problem.utf8.count > Self.maximumMessage
    let shown = isLong ? "\(problem.unicodeScalars.prefix(Self.maximumMessage))…" : problem
    return .badData(name, "\(place): \(shown)")
  }

  // MARK: Limits

  /// Counts work.
  func spend(_ count: Int = 1) throws(Failure) {
    let before = steps
    steps += max(count, 0)
    guard steps <= maximumSteps else { throw failure("takes more than \(maximumSteps) steps") }
    if steps >> 17 != before >> 17 { try Interruption.check() }
  }

  /// Counts memory.
  func hold(_ count: Int) throws(Failure) {
    bytes += count
    guard bytes <= maximumBytes else {
      throw failure("makes more than \(maximumBytes >> 20) MiB of texts and lists")
    }
  }

  /// What looks at each letter of its text, which takes longer than looking at its bytes.
  private static let slow: Set<String> = [
    "capitalize", "casefold", "e", "escape", "expandtabs", "forceescape", "isalnum", "isalpha", "isdecimal",
    "isdigit",
    "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "lower",
    "swapcase", "title",
    "tojson", "upper", "urlencode", "wordcount", "wordwrap",
  ]

  /// Counts the work of looking through the texts that a filter, test or method gets.
  func spend(on operand: TemplateValue, _ call: TemplateCall, _ name: String) throws(Failure) {
    let share = Self.slow.contains(name) ? 0 : 2
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

  // MARK: Making values

  /// A text that was made, when it is not too long.
  func text(_ text: String) throws(Failure) -> TemplateValue {
    try checkText(text.utf8.count)
    return .string(text)
  }

  /// Counts a text that is to be made.
  func checkText(_ count: Int) throws(Failure) {
    guard count <= Self.maximumText else {
      throw failure("makes a text of more than \(Self.maximumText) bytes")
    }
    try spend(count >> 4)
    try hold(count)
  }

  /// Adds to a text, when it does not get too long.
  func append(_ text: String, to output: inout String) throws(Failure) {
    let count = text.utf8.count
    guard output.utf8.count + count <= Self.maximumText else {
      throw failure("makes a text of more than \(Self.maximumText) bytes")
    }
    try spend(count >> 4)
    try hold(count)
    output += text
  }

  /// A list of texts that were made.
  func list(_ texts: [String]) throws(Failure) -> TemplateValue {
    for text in texts { try hold(text.utf8.count) }
    return try list(texts.map { .string($0) })
  }

  func list(_ items: [TemplateValue], _ kind: TemplateList.Kind = .list) throws(Failure) -> TemplateValue {
    .list(try makeList(items, kind))
  }

  func makeList(
    _ items: [TemplateValue], _ kind: TemplateList.Kind = .list
  ) throws(Failure) -> TemplateList {
    try checkItems(items.count)
    try spend(8 + items.count)
    try hold(128 + 32 * items.count)
    let list = TemplateList(items, kind)
    try checkHeight(list.height)
    return list
  }

  private func checkHeight(_ height: Int) throws(Failure) {
    guard height <= Self.maximumNesting else {
      throw failure("nests values deeper than \(Self.maximumNesting)")
    }
  }

  /// Refuses a list that would be too long.
  func checkItems(_ count: Int) throws(Failure) {
    guard count <= Self.maximumItems else {
      throw failure("makes a list of more than \(Self.maximumItems) items")
    }
  }

  func makeMapping() throws(Failure) -> TemplateMapping {
    try spend(8)
    try hold(256)
    return TemplateMapping()
  }

  /// Sets the value of a key that the template names.
  func set(_ key: TemplateValue, to value: TemplateValue, in mapping: TemplateMapping) throws(Failure) {
    let index = try self.key(key)
    if mapping[index] == nil { try hold(256 + Self.size(key)) }
    mapping.set(index, key, to: value)
    try checkHeight(mapping.height)
  }

  /// Keeps what holds values until the end.
  func keep(_ holder: any TemplateHolder) throws(Failure) {
    try spend(32)
    try hold(512)
    holders.append(holder)
  }

  /// A value of the input, which raises the limits.
  func value(_ json: JSON) -> TemplateValue {
    maximumSteps += Self.steps.perValue
    maximumBytes += Self.memory.perValue
    switch json {
    case .null: return .none
    case .bool(let flag): return .bool(flag)
    case .integer(let value): return .integer(value)
    case .bigInteger(let digits): return .bigInteger(digits)
    case .double(let value): return .double(value)
    case .string(let text):
      maximumSteps += Self.steps.perByte * text.utf8.count
      maximumBytes += Self.memory.perByte * text.utf8.count
      return .string(text)
    case .array(let elements): return .list(TemplateList(elements.map { value($0) }, .list))
    case .object(let object):
      let mapping = TemplateMapping()
      for (key, element) in object { mapping.set(key, to: value(element)) }
      return .mapping(mapping)
    }
  }
}
