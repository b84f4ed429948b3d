// Reading YAML into the same value as JSON, so that configurations, recipes, tasks and policies are checked by one
// reader. Only what JSON can say is accepted.

import Yams

extension JSON {
  /// Parses one YAML document.
  /// - Throws: `Failure.badData` with the line.
  package static func parseYAML(_ text: String, source: String) throws(Failure) -> JSON {
    try YAMLEvents.check(text, source: source)
    let node: Node?
    do {
      node = try Parser(yaml: text, resolver: .default).singleRoot()
    } catch let error as YamlError {
      throw .badData(
        source, "is not YAML: \(String(describing: error).split(separator: "\n").joined(separator: " "))")
    } catch {
      throw .badData(source, "is not YAML: \(error)")
    }
    guard let node else { return .null }
    return try value(of: node, source: source)
  }

  /// Parses a YAML file.
  package static func readYAML(path: String) throws(Failure) -> JSON {
    try parseYAML(Files.readText(path: path, limit: 16 << 20), source: path)
  }

  private static func value(of node: Node, source: String) throws(Failure) -> JSON {
    let place = node.mark.map { "\(source): line \($0.line)" } ?? source
    switch node {
    case .scalar(let scalar): return value(of: scalar)
    case .sequence(let sequence):
      var elements: [JSON] = []
      for element in sequence { elements.append(try value(of: element, source: source)) }
      return .array(elements)
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, element) in mapping {
        guard case .scalar(let name) = key else { throw .badData(place, "a key must be plain text") }
        guard object[name.string] == nil else {
          throw .badData(place, "the key '\(name.string)' stands twice")
        }
        object[name.string] = try value(of: element, source: source)
      }
      return .object(object)
    case .alias: throw .badData(place, "an alias without its anchor")
    }
  }

  /// YAML 1.2 core schema: what looks like JSON's null, booleans and numbers is that, the rest is text.
  private static func value(of scalar: Node.Scalar) -> JSON {
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    let text = scalar.string
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first,
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= first || "+-.".utf8.contains(first)
    else { return .string(text) }
    let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
    if let integer = Int(digits) { return .integer(integer) }
    let isDecimal = digits.utf8.allSatisfy {
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "+-.eE".utf8.contains($0)
    }
    if isDecimal, let number = Double(digits), number.isFinite { return .double(number) }
    return .string(text)
  }
}
