// Writing JSON. Numbers print as Python's `repr` does, since the files we write stand beside files that Python
// wrote, and chat templates expect it.

extension JSON {
  /// How JSON is laid out.
  package enum Style: Sendable {
    /// No spaces.
    case compact
    /// One line with `, ` and `: `, Python's default.
    case python
    /// A line for each member.
    case pretty(indent: Int)
  }

  /// The value as JSON text without a final newline; text outside ASCII stands as it is.
  package func text(_ style: Style = .compact, sortedKeys: Bool = false) -> String {
    var writer = JSONTextWriter(style: style, sortedKeys: sortedKeys)
    writer.write(self, level: 0)
    return writer.text
  }

  /// A double as Python prints it: `10000.0`, `1e-05`, `1e+16`, `inf`, `nan`.
  package static func pythonText(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let text = value.description
    // Swift changes to an exponent at 2^54, Python at 10^16.
    guard value.magnitude >= 1e16, !text.contains("e") else { return text }
    var digits = Substring(value.magnitude.description.dropLast(2))
    let exponent = digits.count - 1
    while digits.count > 1 && digits.hasSuffix("0") { digits.removeLast() }
    let fraction = digits.dropFirst()
    let mantissa = fraction.isEmpty ? "\(digits)" : "\(digits.prefix(1)).\(fraction)"
    return "\(value < 0 ? "-" : "")\(mantissa)e+\(exponent)"
  }
}

private struct JSONTextWriter {
  let style: JSON.Style
  let sortedKeys: Bool
  var text = ""

  init(style: JSON.Style, sortedKeys: Bool) {
    self.style = style
    self.sortedKeys = sortedKeys
  }

  mutating func write(_ value: JSON, level: Int) {
    switch value {
    case .null: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .integer(let number): text += String(number)
    case .bigInteger(let digits): text += digits
    // As Python's json module spells them; readers of ours accept the second in configurations of models alone.
    case .double(let number) where number.isNaN: text += "NaN"
    case .double(let number) where number.isInfinite: text += number < 0 ? "-Infinity" : "Infinity"
    case .double(let number): text += JSON.pythonText(number)
    case .string(let string): write(string)
    case .array(let elements):
      write(open: "[", close: "]", count: elements.count, level: level) { writer, index in
        writer.write(elements[index], level: level + 1)
      }
    case .object(let object):
      let members = sortedKeys ? object.sorted { $0.0.precedes($1.0) } : Array(object)
      write(open: "{", close: "}", count: members.count, level: level) { writer, index in
        writer.write(members[index].0)
        if case .compact = writer.style { writer.text += ":" } else { writer.text += ": " }
        writer.write(members[index].1, level: level + 1)
      }
    }
  }

  private mutating func write(
    open: String, close: String, count: Int, level: Int, _ element: (inout JSONTextWriter, Int) -> Void
  ) {
    text += open
    for index in 0..<count {
      if index > 0 {
        if case .python = style { text += ", " } else { text += "," }
      }
      newLine(level + 1)
      element(&self, index)
    }
    if count > 0 { newLine(level) }
    text += close
  }

  private mutating func newLine(_ level: Int) {
    guard case .pretty(let indent) = style else { return }
    text += "\n"
    text += String(repeating: " ", count: indent * level)
  }

  private mutating func write(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
