// A JSON value that keeps what other libraries lose: the order of keys, the difference between 1 and 1.0, integers
// of any size. Configurations are rewritten and templates rendered from it, so all three matter.

/// A JSON value.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  /// An integer that does not fit 64 bits, as its digits.
  case bigInteger(String)
  case double(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  package var isNull: Bool { self == .null }

  package var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer; also of a double without fraction such as `2.0`.
  package var intValue: Int? {
    switch self {
    case .integer(let value): value
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number as a double.
  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    case .bigInteger(let digits): Double(digits)
    default: nil
    }
  }

  package var arrayValue: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  package var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The value of a key, nil when this is no object or has no such key.
  package subscript(key: String) -> JSON? { objectValue?[key] }

  /// What kind of value this is, for error messages.
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .bigInteger: "an integer"
    case .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object, in their order.
package struct JSONObject: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
  package private(set) var keys: [String] = []
  private var values: [JSON] = []
  private var positions: [ExactKey: Int] = [:]

  /// A key compared by its bytes.
  ///
  /// Swift's strings compare by canonical equivalence, but `\u00e9` and `e\u0301` are two
  /// keys of JSON, and vocabularies hold both.
  private struct ExactKey: Hashable {
    let text: String

    static func == (left: ExactKey, right: ExactKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  package init() {}

  package init(dictionaryLiteral elements: (String, JSON)...) {
    for (key, value) in elements { self[key] = value }
  }

  package var count: Int { keys.count }
  package var isEmpty: Bool { keys.isEmpty }

  /// The value of a key; setting nil removes the key.
  package subscript(key: String) -> JSON? {
    get { positions[ExactKey(text: key)].map { values[$0] } }
    set {
      guard let newValue else {
        removeValue(forKey: key)
        return
      }
      if let position = positions[ExactKey(text: key)] {
        values[position] = newValue
      } else {
        positions[ExactKey(text: key)] = keys.count
        keys.append(key)
        values.append(newValue)
      }
    }
  }

  @discardableResult
  package mutating func removeValue(forKey key: String) -> JSON? {
    guard let position = positions.removeValue(forKey: ExactKey(text: key)) else { return nil }
    keys.remove(at: position)
    for later in keys[position...] { positions[ExactKey(text: later)]? -= 1 }
    return values.remove(at: position)
  }

  /// The object with the members of another, which replace those of the same keys.
  package func merging(_ other: JSONObject) -> JSONObject {
    var merged = self
    for (key, value) in other { merged[key] = value }
    return merged
  }

  package func makeIterator() -> Zip2Sequence<[String], [JSON]>.Iterator { zip(keys, values).makeIterator() }

  /// Equal when the same keys hold equal values, in any order, as JSON says.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.0] == $0.1 }
  }

  /// By the members in any order.
  package func hash(into hasher: inout Hasher) {
    var members = 0
    for (key, value) in self {
      var member = Hasher()
      member.combine(ExactKey(text: key))
      member.combine(value)
      members ^= member.finalize()
    }
    hasher.combine(members)
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}
