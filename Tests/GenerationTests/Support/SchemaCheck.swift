// An independent reading of JSON Schema, for values: what the grammar tests hold generated texts against.

import SafeIO

/// Whether `value` fits `schema`, for the keywords that generation supports.
func fits(_ value: JSON, _ schema: JSON) -> Bool {
  if let constant = schema["const"], constant != value { return false }
  if let choices = schema["enum"]?.arrayValue, !choices.contains(value) { return false }
  if let schemas = schema["anyOf"]?.arrayValue, !schemas.contains(where: { fits(value, $0) }) { return false }
  if let schemas = schema["oneOf"]?.arrayValue, schemas.count(where: { fits(value, $0) }) != 1 {
    return false
  }
  let names = schema["type"]?.arrayValue ?? schema["type"].map { [$0] } ?? []
  if !names.isEmpty, !names.contains(where: { hasType(value, $0.stringValue ?? "") }) { return false }
  switch value {
  case .object(let object):
    let required = schema["required"]?.arrayValue ?? []
    guard required.allSatisfy({ object[$0.stringValue ?? ""] != nil }) else { return false }
    for (key, member) in object {
      if let property = schema["properties"]?[key] {
        if !fits(member, property) { return false }
      } else if schema["additionalProperties"] == false {
        return false
      }
    }
    return true
  case .array(let items):
    return within(Double(items.count), schema, "minItems", "maxItems")
      && items.allSatisfy { item in schema["items"].map { fits(item, $0) } ?? true }
  case .string(let text):
    return within(Double(text.unicodeScalars.count), schema, "minLength", "maxLength")
  case .integer, .double, .bigInteger:
    let number = value.doubleValue ?? .nan
    if let bound = schema["exclusiveMinimum"]?.doubleValue, number <= bound { return false }
    if let bound = schema["exclusiveMaximum"]?.doubleValue, number >= bound { return false }
    return within(number, schema, "minimum", "maximum")
  default: return true
  }
}

private func within(_ number: Double, _ schema: JSON, _ minimum: String, _ maximum: String) -> Bool {
  number >= schema[minimum]?.doubleValue ?? -.infinity && number <= schema[maximum]?.doubleValue ?? .infinity
}

private func hasType(_ value: JSON, _ name: String) -> Bool {
  switch (value, name) {
  case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"): true
  case (.integer, "integer"), (.integer, "number"), (.double, "number"): true
  case (.double, "integer"): value.intValue != nil
  default: false
  }
}
