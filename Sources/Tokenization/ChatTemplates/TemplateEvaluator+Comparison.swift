// Equality, order and membership.

import SafeIO

extension TemplateEvaluator {
  func compare(
    _ left: TemplateValue, _ comparison: String, _ right: TemplateValue
  ) throws(Failure) -> Bool {
    switch comparison {
    case "==": try equal(left, right)
    case "!=": try !equal(left, right)
    case "in": try contains(left, in: right)
    case "not in": try !contains(left, in: right)
    case "<": try precedes(left, right, "<")
    case ">": try precedes(right, left, ">")
    case "<=": try !precedes(right, left, "<=")
    default: try !precedes(left, right, ">=")
    }
  }

  func equal(_ left: TemplateValue, _ right: TemplateValue, depth: Int = 0) throws(Failure) -> Bool {
    try spend()
    guard depth <= Self.maximumNesting else { throw failure("compares values nested too deep") }
    switch (left.unmarked, right.unmarked) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let first), .string(let second)):
      try spend(min(first.utf8.count, second.utf8.count) >> 4)
      return TemplateText.equal(first, second)
    case (.bigInteger(let first), .bigInteger(let second)): return first == second
    case (.list(let first), .list(let second)):
      if first === second { return true }
      guard first.isIndexed, second.isIndexed, first.isTuple == second.isTuple,
        first.items.count == second.items.count
      else { return false }
      for (one, other) in zip(first.items, second.items) {
        guard try equal(one, other, depth: depth + 1) else { return false }
      }
      return true
    case (.mapping(let first), .mapping(let second)):
      if first === second { return true }
      guard first.count == second.count else { return false }
      for (key, value) in zip(first.keys, first.values) {
        guard let other = second[try self.key(key)], try equal(value, other, depth: depth + 1) else {
          return false
        }
      }
      return true
    case (.function(let first), .function(let second)): return first === second
    case (.object(let first), .object(let second)): return first === second
    default:
      if let first = left.integerValue, let second = right.integerValue { return first == second }
      guard let first = left.doubleValue, let second = right.doubleValue else { return false }
      return first == second
    }
  }

  /// Whether `left` is less than `right`.
  /// - Parameter comparison: what the template wrote, for the message.
  func precedes(
    _ left: TemplateValue, _ right: TemplateValue, _ comparison: String = "<", depth: Int = 0
  ) throws(Failure) -> Bool {
    try spend()
    try checkDefined(left)
    try checkDefined(right)
    if let first = left.integerValue, let second = right.integerValue { return first < second }
    if let first = left.doubleValue, let second = right.doubleValue { return first < second }
    switch (left.unmarked, right.unmarked) {
    case (.string(let first), .string(let second)):
      try spend(min(first.utf8.count, second.utf8.count) >> 4)
      return TemplateText.precedes(first, second)
    case (.list(let first), .list(let second))
    where first.isIndexed && second.isIndexed && first.isTuple == second.isTuple:
      guard depth <= Self.maximumNesting else { throw failure("compares values nested too deep") }
      for (one, other) in zip(first.items, second.items) where try !equal(one, other) {
        return try precedes(one, other, comparison, depth: depth + 1)
      }
      return first.items.count < second.items.count
    default:
      let isSwapped = comparison == ">" || comparison == "<="
      let (first, second) = isSwapped ? (right, left) : (left, right)
      throw failure(
        "'\(comparison)' not supported between instances of '\(first.typeName)' and '\(second.typeName)'")
    }
  }

  func contains(_ value: TemplateValue, in container: TemplateValue) throws(Failure) -> Bool {
    switch container {
    case .string(let text), .markup(let text):
      guard let part = value.textValue else {
        throw failure("'in <string>' requires string as left operand, not \(value.typeName)")
      }
      try spend((text.utf8.count + part.utf8.count) >> 4)
      return TemplateText.contains(part, in: text)
    case .mapping(let mapping): return mapping[try key(value)] != nil
    case .list, .undefined:
      for item in try items(of: container) where try equal(item, value) { return true }
      return false
    default: throw failure("argument of type '\(container.typeName)' is not iterable")
    }
  }
}
