// The values of a running template, with Python's meaning. Lists and mappings are objects: a template may append to a
// list that another name holds. They can form cycles, so the evaluator keeps all of them and empties them at the end.

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
  case list(TemplateList)
  case mapping(TemplateMapping)
  case function(TemplateFunction)
  case object(any TemplateObject)

  /// Python's name of the type, for messages.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .integer, .bigInteger: "int"
    case .double: "float"
    case .string: "str"
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
    case .string(let text): !text.isEmpty
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
    if case .string(let text) = self { text } else { nil }
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

  init(_ name: String, _ body: @escaping (TemplateCall) throws(Failure) -> TemplateValue) {
    self.name = name
    self.body = body
  }
}
