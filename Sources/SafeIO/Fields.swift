// Typed reading of one JSON object. Each complaint names the file, the key, what was expected and what was found.

/// The members of a JSON object from outside, read by type.
package struct Fields: Sendable {
  package let object: JSONObject
  /// The file, and the place in it, used in errors.
  package let source: String

  /// - Throws: `Failure.badData` when `json` is not an object.
  package init(_ json: JSON, source: String) throws(Failure) {
    guard case .object(let object) = json else {
      throw .badData(source, "expected an object with keys, found \(json.kindName)")
    }
    self.object = object
    self.source = source
  }

  /// Whether the key is there with a value other than null.
  package func has(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }

  package func string(_ key: String) throws(Failure) -> String { try required(key, optionalString(key)) }
  package func int(_ key: String) throws(Failure) -> Int { try required(key, optionalInt(key)) }
  package func double(_ key: String) throws(Failure) -> Double { try required(key, optionalDouble(key)) }
  package func bool(_ key: String) throws(Failure) -> Bool { try required(key, optionalBool(key)) }
  package func strings(_ key: String) throws(Failure) -> [String] { try required(key, optionalStrings(key)) }
  package func array(_ key: String) throws(Failure) -> [JSON] { try required(key, optionalArray(key)) }
  package func fields(_ key: String) throws(Failure) -> Fields { try required(key, optionalFields(key)) }

  package func string(_ key: String, default value: String) throws(Failure) -> String {
    try optionalString(key) ?? value
  }

  package func int(_ key: String, default value: Int) throws(Failure) -> Int { try optionalInt(key) ?? value }

  package func double(_ key: String, default value: Double) throws(Failure) -> Double {
    try optionalDouble(key) ?? value
  }

  package func bool(_ key: String, default value: Bool) throws(Failure) -> Bool {
    try optionalBool(key) ?? value
  }

  package func optionalString(_ key: String) throws(Failure) -> String? {
    try optional(key, "a string") { $0.stringValue }
  }

  package func optionalInt(_ key: String) throws(Failure) -> Int? {
    try optional(key, "an integer") { $0.intValue }
  }

  package func optionalDouble(_ key: String) throws(Failure) -> Double? {
    try optional(key, "a number") { $0.doubleValue }
  }

  package func optionalBool(_ key: String) throws(Failure) -> Bool? {
    try optional(key, "true or false") { $0.boolValue }
  }

  package func optionalArray(_ key: String) throws(Failure) -> [JSON]? {
    try optional(key, "an array") { $0.arrayValue }
  }

  package func optionalStrings(_ key: String) throws(Failure) -> [String]? {
    try optional(key, "an array of strings") { value in
      guard let elements = value.arrayValue else { return nil }
      let strings = elements.compactMap(\.stringValue)
      return strings.count == elements.count ? strings : nil
    }
  }

  /// The members of a nested object.
  package func optionalFields(_ key: String) throws(Failure) -> Fields? {
    guard let value = object[key], !value.isNull else { return nil }
    return try Fields(value, source: "\(source): key '\(key)'")
  }

  /// Throws when a key is not one of `known`, naming the nearest of them.
  package func rejectUnknown(known: [String]) throws(Failure) {
    for key in object.keys where !known.contains(key) {
      throw .badData("\(source): key '\(key)'", "is not known\(Spelling.suggestion(for: key, among: known))")
    }
  }

  /// An error about the value of `key`.
  package func complaint(_ key: String, _ problem: String) -> Failure {
    .badData("\(source): key '\(key)'", problem)
  }

  private func required<Value>(_ key: String, _ value: Value?) throws(Failure) -> Value {
    guard let value else { throw .badData("\(source): key '\(key)'", "is missing") }
    return value
  }

  private func optional<Value>(
    _ key: String, _ expected: String, _ convert: (JSON) -> Value?
  ) throws(Failure) -> Value? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let converted = convert(value) else {
      throw complaint(key, "expected \(expected), found \(value.kindName)")
    }
    return converted
  }
}
