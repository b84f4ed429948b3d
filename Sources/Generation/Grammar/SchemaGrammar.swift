// A JSON Schema as a grammar. Only what a generator can promise is taken: a keyword that is not listed here is an
// error that names it, never ignored. Objects are written with their keys in the order of `properties`, on one
// line, with `, ` and `: ` as Python writes them, which is how models have seen most JSON.

import SafeIO

/// Reads the subset of JSON Schema (draft 2020-12) that constrained generation supports.
///
/// `type` (one or several), `enum`, `const`, `properties`, `required`, `additionalProperties` (a boolean; no others
/// are ever written), `items`, `minItems`, `maxItems`, `minLength`, `maxLength`, `minimum`, `maximum`,
/// `exclusiveMinimum`, `exclusiveMaximum`, `anyOf`, `oneOf` (whose alternatives must exclude each other visibly).
/// Annotations (`title`, `description`, `$schema`, `$id`, `$comment`, `default`, `examples`) say nothing about the
/// text and are passed over.
package struct SchemaGrammar {
  /// What bounds a value whose schema does not.
  package enum Default {
    package static let stringLength = 1024
    package static let items = 64
  }

  /// The grammar of all texts that fit `schema`.
  ///
  /// Throws `.badData` with `source` and the path in the schema as the place.
  package static func grammar(_ schema: JSON, source: String) throws(Failure) -> Grammar {
    try SchemaGrammar(source: source, path: "#", depth: 0).grammar(schema)
  }

  private static let depthLimit = 24
  private static let annotations: Set<String> = [
    "title", "description", "$schema", "$id", "$comment", "default", "examples",
  ]
  /// The keywords that say something about values of one type.
  private static let keywords: [String: [String]] = [
    "object": ["properties", "required", "additionalProperties"],
    "array": ["items", "minItems", "maxItems"],
    "string": ["minLength", "maxLength"],
    "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "integer": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "boolean": [], "null": [],
  ]
  private static let choices = ["type", "enum", "const", "anyOf", "oneOf"]

  private let source: String
  private let path: String
  private let depth: Int

  private func below(_ step: String) -> SchemaGrammar {
    SchemaGrammar(source: source, path: "\(path)/\(step)", depth: depth + 1)
  }

  private func complaint(_ problem: String) -> Failure { .badData("\(source): \(path)", problem) }

  private func grammar(_ schema: JSON) throws(Failure) -> Grammar {
    guard depth < Self.depthLimit else {
      throw complaint("the schema is nested more than \(Self.depthLimit) levels deep")
    }
    let fields = try Fields(schema, source: "\(source): \(path)")
    try checkKeywords(fields)
    if fields.object["const"] != nil || fields.object["enum"] != nil { return try constants(fields) }
    for keyword in ["anyOf", "oneOf"] where fields.object[keyword] != nil {
      return try alternatives(fields, keyword)
    }
    let types = try types(fields)
    var grammars: [Grammar] = []
    for type in types { grammars.append(try grammar(of: type, fields)) }
    return grammars.count == 1 ? grammars[0] : .alternatives(grammars)
  }

  /// Rejects keywords that are unknown, or that stand beside others they are not combined with.
  private func checkKeywords(_ fields: Fields) throws(Failure) {
    let present = fields.object.keys.filter { !Self.annotations.contains($0) }
    let chosen = Self.choices.filter { fields.object[$0] != nil }
    let known = Self.choices + Self.keywords.values.flatMap { $0 }
    for keyword in present where !known.contains(keyword) {
      throw complaint(
        "keyword '\(keyword)' is not supported; supported: \(Set(known).sorted().joined(separator: ", "))")
    }
    if chosen.isEmpty {
      throw complaint("says nothing of the value; add 'type', 'enum', 'const', 'anyOf' or 'oneOf'")
    }
    // `type` beside `enum` or `const` only repeats what they say, and is checked there.
    let others = chosen.filter { $0 != "type" }
    if others.count > 1 || others.contains(where: { $0.hasSuffix("Of") }) && chosen.contains("type") {
      throw complaint("keywords '\(chosen.joined(separator: "' and '"))' can't be combined")
    }
    let allowed = others.isEmpty ? Set(try types(fields).flatMap { Self.keywords[$0] ?? [] }) : []
    for keyword in present where !Self.choices.contains(keyword) && !allowed.contains(keyword) {
      throw complaint(
        "keyword '\(keyword)' can't be combined with '\(others.first ?? "type")' as it stands here")
    }
  }

  private func types(_ fields: Fields) throws(Failure) -> [String] {
    let names: [String]
    if case .string(let name) = fields.object["type"] {
      names = [name]
    } else {
      names = try fields.strings("type")
    }
    if names.isEmpty { throw complaint("key 'type' lists no type") }
    for name in names where Self.keywords[name] == nil {
      throw complaint("type '\(name)' is not one of \(Self.keywords.keys.sorted().joined(separator: ", "))")
    }
    // Every integer is a number too.
    return names.contains("number") ? names.filter { $0 != "integer" } : names
  }

  // MARK: - Values

  private func grammar(of type: String, _ fields: Fields) throws(Failure) -> Grammar {
    switch type {
    case "object": return try object(fields)
    case "array": return try array(fields)
    case "string":
      let (low, high) = try lengths(fields, "minLength", "maxLength", Default.stringLength)
      return .string(minimumLength: low, maximumLength: high)
    case "number": return try number(fields, places: DecimalRange.fractionPlaces)
    case "integer": return try number(fields, places: 0)
    case "boolean": return .boolean
    default: return .null
    }
  }

  private func constants(_ fields: Fields) throws(Failure) -> Grammar {
    var values: [JSON]
    if let value = fields.object["const"] { values = [value] } else { values = try fields.array("enum") }
    if fields.object["type"] != nil {
      let types = try types(fields)
      values = values.filter { value in types.contains(where: Self.kinds(of: value).contains) }
    }
    if values.isEmpty { throw complaint("no value is allowed") }
    return .json(values)
  }

  private func object(_ fields: Fields) throws(Failure) -> Grammar {
    if let extra = fields.object["additionalProperties"], extra.boolValue == nil {
      throw complaint("key 'additionalProperties' must be true or false; a schema there is not supported")
    }
    let properties = try fields.optionalFields("properties")?.object ?? JSONObject()
    let required = try fields.optionalStrings("required") ?? []
    for name in required where properties[name] == nil {
      throw complaint("key 'required' names '\(name)', which is not in 'properties'")
    }
    var members: [Grammar.Member] = []
    for (key, value) in properties {
      let grammar = try below("properties/\(key)").grammar(value)
      members.append(Grammar.Member(key, grammar, isRequired: required.contains(key)))
    }
    return .object(members)
  }

  private func array(_ fields: Fields) throws(Failure) -> Grammar {
    let (low, high) = try lengths(fields, "minItems", "maxItems", Default.items)
    guard let items = fields.object["items"] else {
      if high == 0 { return .literal("[]") }
      throw complaint("an array needs 'items', the schema of its elements")
    }
    return .array(try below("items").grammar(items), minimum: low, maximum: high)
  }

  private func lengths(
    _ fields: Fields, _ minimumKey: String, _ maximumKey: String, _ unbounded: Int
  ) throws(Failure) -> (Int, Int) {
    let low = try fields.int(minimumKey, default: 0)
    let high = try fields.int(maximumKey, default: max(low, unbounded))
    guard low >= 0, low <= high else {
      throw complaint("'\(minimumKey)' is \(low) and '\(maximumKey)' \(high): no value has such a length")
    }
    // Longer texts than this are refused when the grammar is compiled; counters have 32 bits.
    return (min(low, CompiledGrammar.Limit.shortestText + 1), min(high, Int(Int32.max) - 1))
  }

  private func number(_ fields: Fields, places: Int) throws(Failure) -> Grammar {
    let scale = (0..<places).reduce(1.0) { value, _ in value * 10 }
    let limit = Double(DecimalRange.limit)
    /// The bound in units of the last place, on the inner side.
    func bound(_ key: String, _ rounding: FloatingPointRoundingRule) throws(Failure) -> Int? {
      guard let value = try fields.optionalDouble(key) else { return nil }
      guard value.isFinite else { throw complaint("key '\(key)' is not a finite number") }
      // A decimal such as 0.1 is not exact; what is nearest to a whole number of units is meant as that.
      let scaled = value * scale
      let nearest = scaled.rounded()
      let isWhole = abs(scaled - nearest) <= scaled.magnitude.ulp
      return Int(max(-limit - 1, min(limit + 1, isWhole ? nearest : scaled.rounded(rounding))))
    }
    var low = try bound("minimum", .up) ?? -DecimalRange.limit
    var high = try bound("maximum", .down) ?? DecimalRange.limit
    if let above = try bound("exclusiveMinimum", .down) { low = max(low, above + 1) }
    if let below = try bound("exclusiveMaximum", .up) { high = min(high, below - 1) }
    guard let range = DecimalRange(minimum: low, maximum: high, places: places) else {
      throw complaint(
        places == 0
          ? "no integer of at most 15 digits lies within the bounds"
          : "no number of at most 9 digits before the point and \(places) after it lies within the bounds")
    }
    return .number(range)
  }

  // MARK: - Alternatives

  private func alternatives(_ fields: Fields, _ keyword: String) throws(Failure) -> Grammar {
    let schemas = try fields.array(keyword)
    if schemas.isEmpty { throw complaint("key '\(keyword)' lists no schema") }
    var grammars: [Grammar] = []
    for (index, schema) in schemas.enumerated() {
      grammars.append(try below("\(keyword)/\(index)").grammar(schema))
      for earlier in schemas[..<index] where keyword == "oneOf" && !Self.exclude(earlier, schema, 0) {
        throw complaint(
          "the alternatives of 'oneOf' may overlap; give them different types, or a required property with "
            + "different constants, or use 'anyOf'")
      }
    }
    return grammars.count == 1 ? grammars[0] : .alternatives(grammars)
  }

  /// Whether no value can fit both schemas, as far as types, constants and required properties show it.
  private static func exclude(_ left: JSON, _ right: JSON, _ depth: Int) -> Bool {
    if let ours = constants(of: left), let theirs = constants(of: right) {
      return Set(ours).isDisjoint(with: theirs)
    }
    let (ours, theirs) = (kinds(ofSchema: left), kinds(ofSchema: right))
    if ours.isDisjoint(with: theirs) { return true }
    guard depth < 8, ours == ["object"], theirs == ["object"] else { return false }
    func required(_ schema: JSON) -> [String] {
      (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
    return required(left).contains { key in
      guard required(right).contains(key), let a = left["properties"]?[key],
        let b = right["properties"]?[key]
      else { return false }
      return exclude(a, b, depth + 1)
    }
  }

  private static func constants(of schema: JSON) -> [JSON]? {
    schema["const"].map { [$0] } ?? schema["enum"]?.arrayValue
  }

  /// The JSON types that values of a schema may have; all of them where it is not said plainly.
  private static func kinds(ofSchema schema: JSON) -> Set<String> {
    if let values = constants(of: schema) { return Set(values.flatMap { kinds(of: $0) }) }
    let names =
      schema["type"]?.stringValue.map { [$0] }
      ?? schema["type"]?.arrayValue?.compactMap(\.stringValue) ?? Array(keywords.keys)
    return Set(names.flatMap { $0 == "number" ? ["number", "integer"] : [$0] })
  }

  /// The type names that a value answers to.
  private static func kinds(of value: JSON) -> [String] {
    switch value {
    case .null: ["null"]
    case .bool: ["boolean"]
    case .integer, .bigInteger: ["integer", "number"]
    case .double: value.intValue == nil ? ["number"] : ["integer", "number"]
    case .string: ["string"]
    case .array: ["array"]
    case .object: ["object"]
    }
  }
}
