// The values of a running template, with Python's meaning. Templates can't change lists and mappings; namespaces they
// can, so values may form cycles, and the evaluator keeps namespaces to empty them at the end. How deep lists and
// mappings stand within each other is bounded, since they are destroyed by recursion.

import SafeIO

/// A value.
enum TemplateValue {
  /// A name or key that is not there, with what to say when it is used nevertheless.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of the input beyond 64 bits, as its digits. It can be printed and no more.
  case bigInteger(String)
  case double(Double)
  case string(String)
  /// A text that `safe` or `escape` marked as HTML: what is added to it gets escaped.
  case markup(String)
  case list(TemplateList)
  case mapping(TemplateMapping)
  case function(TemplateFunction)
  case object(any TemplateObject)

  /// How many lists and mappings stand within each other here.
  var height: Int {
    switch self {
    case .list(let list): list.height
    case .mapping(let mapping): mapping.height
    case .function(let function): function.height
    default: 0
    }
  }

  /// The value as messages about what it lacks name it.
  var description: String { isNone ? "None" : "\(typeName) object" }

  /// Python's name of the type, for messages.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .integer, .bigInteger: "int"
    case .double: "float"
    case .string: "str"
    case .markup: "Markup"
    case .list(let list): list.kind.typeName
    case .mapping: "dict"
    case .function: "function"
    case .object(let object): object.typeName
    }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .integer(let value): value != 0
    case .double(let value): value != 0
    case .string(let text), .markup(let text): !text.isEmpty
    case .list(let list): list.kind == .generator || !list.items.isEmpty
    case .mapping(let mapping): mapping.count > 0
    case .bigInteger, .function, .object: true
    }
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }

  var isNone: Bool {
    if case .none = self { true } else { false }
  }

  var isIterable: Bool {
    switch self {
    case .undefined, .string, .markup, .list, .mapping: true
    case .object(let object): object is TemplateLoop
    default: false
    }
  }

  /// Whether this is a text or has items with places.
  var isSequence: Bool {
    if case .list(let list) = self { list.isIndexed } else { textValue != nil }
  }

  /// Whether this is an integer; booleans are not.
  var isInteger: Bool {
    switch self {
    case .integer, .bigInteger: true
    default: false
    }
  }

  /// The number as an integer; booleans count as 0 and 1.
  var integerValue: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let flag): flag ? 1 : 0
    default: nil
    }
  }

  /// The number as a double.
  var doubleValue: Double? {
    switch self {
    case .double(let value): value
    case .bigInteger(let digits): Double(digits)
    default: integerValue.map { Double($0) }
    }
  }

  var textValue: String? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  var isMarked: Bool {
    if case .markup = self { true } else { false }
  }

  /// The value without a mark as HTML.
  var unmarked: TemplateValue {
    if case .markup(let text) = self { .string(text) } else { self }
  }
}

/// Something that holds values until the rendering ends.
protocol TemplateHolder: AnyObject {
  /// Lets go of all values.
  func release()
}

/// A thing with attributes: a namespace, a loop.
protocol TemplateObject: AnyObject {
  var typeName: String { get }
  func attribute(_ name: String) -> TemplateValue?
}

/// A function, a macro, or a method bound to its value.
final class TemplateFunction {
  let name: String
  let body: (TemplateCall) throws(Failure) -> TemplateValue
  /// What can be read of a macro; nothing of other functions.
  let attributes: [String: TemplateValue]
  /// That of the value whose method this is.
  let height: Int

  init(
    _ name: String, attributes: [String: TemplateValue] = [:], height: Int = 0,
    _ body: @escaping (TemplateCall) throws(Failure) -> TemplateValue
  ) {
    self.name = name
    self.attributes = attributes
    self.height = height
    self.body = body
  }

  var isMacro: Bool { !attributes.isEmpty }
}
