// `tojson` as transformers defines it: Python's json.dumps, without the escapes for HTML that Jinja's own has.

import SafeIO

/// Writes values as JSON.
struct TemplateJSONWriter {
  private let evaluator: TemplateEvaluator
  private let indent: String?
  private let itemSeparator: String
  private let keySeparator: String
  private let sortsKeys: Bool
  private let isASCII: Bool
  private var output = ""

  static func filter(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var writer = try TemplateJSONWriter(call)
    try writer.write(value, level: 0)
    return try call.evaluator.text(writer.output)
  }

  private init(_ call: TemplateCall) throws(Failure) {
    evaluator = call.evaluator
    isASCII = call.flag(0, "ensure_ascii")
    switch call.argument(1, "indent") {
    case .string(let text)?, .markup(let text)?: indent = text
    case nil, TemplateValue.none?: indent = nil
    default:
      let width = try call.integer(1, "indent") ?? 0
      guard width <= 64 else { throw call.failure("an indent of \(width) is too wide") }
      indent = String(repeating: " ", count: max(width, 0))
    }
    let separators = call.argument(2, "separators").flatMap { $0.isNone ? nil : $0 }
    if let separators {
      let items = try call.evaluator.items(of: separators).compactMap(\.textValue)
      guard items.count == 2 else { throw call.failure("separators must be two strings") }
      itemSeparator = items[0]
      keySeparator = items[1]
    } else {
      itemSeparator = indent == nil ? ", " : ","
      keySeparator = ": "
    }
    sortsKeys = call.flag(3, "sort_keys")
  }

  private mutating func write(_ value: TemplateValue, level: Int) throws(Failure) {
    try evaluator.spend()
    guard level <= TemplateEvaluator.maximumNesting else {
      throw evaluator.failure("writes JSON of a value nested too deep")
    }
    switch value {
    case .none: output += "null"
    case .bool(let flag): output += flag ? "true" : "false"
    case .integer(let number): output += String(number)
    case .bigInteger(let digits): output += digits
    case .double(let number): output += JSON.double(number).text()
    case .string(let text), .markup(let text): try write(text)
    case .list(let list) where list.kind == .list || list.isTuple:
      guard !list.items.isEmpty else {
        output += "[]"
        return
      }
      output += "["
      for (index, item) in list.items.enumerated() {
        try separate(index, level: level + 1)
        try write(item, level: level + 1)
      }
      try newLine(level)
      output += "]"
    case .mapping(let mapping): try write(mapping, level: level)
    default: throw evaluator.failure("Object of type \(value.typeName) is not JSON serializable")
    }
  }

  private mutating func write(_ mapping: TemplateMapping, level: Int) throws(Failure) {
    guard mapping.count > 0 else {
      output += "{}"
      return
    }
    var members: [(key: String, value: TemplateValue)] = []
    for (key, value) in zip(mapping.keys, mapping.values) { members.append((try text(ofKey: key), value)) }
    if sortsKeys { members.sort { TemplateText.precedes($0.key, $1.key) } }
    output += "{"
    for (index, member) in members.enumerated() {
      try separate(index, level: level + 1)
      try write(member.key)
      try evaluator.append(keySeparator, to: &output)
      try write(member.value, level: level + 1)
    }
    try newLine(level)
    output += "}"
  }

  private func text(ofKey key: TemplateValue) throws(Failure) -> String {
    switch key {
    case .string(let text), .markup(let text): return text
    case .none: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .integer, .bigInteger, .double: return try evaluator.string(key)
    default: throw evaluator.failure("keys must be str, int, float, bool or None, not \(key.typeName)")
    }
  }

  private mutating func separate(_ index: Int, level: Int) throws(Failure) {
    if index > 0 { try evaluator.append(itemSeparator, to: &output) }
    try newLine(level)
  }

  private mutating func newLine(_ level: Int) throws(Failure) {
    guard let indent else { return }
    output += "\n"
    for _ in 0..<level { try evaluator.append(indent, to: &output) }
  }

  private mutating func write(_ text: String) throws(Failure) {
    let quoted = JSON.string(text).text()
    guard isASCII else { return try evaluator.append(quoted, to: &output) }
    var escaped = ""
    for unit in quoted.utf16 {
      if unit < 0x7f, let scalar = Unicode.Scalar(unit) {
        escaped.unicodeScalars.append(scalar)
      } else {
        let digits = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    try evaluator.append(escaped, to: &output)
  }
}
