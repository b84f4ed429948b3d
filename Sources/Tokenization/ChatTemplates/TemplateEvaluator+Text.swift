// Values as text: what `{{ }}` prints, and the literal that stands for a value within a printed list.

import SafeIO

extension TemplateEvaluator {
  /// The value as Python's `str` gives it; undefined is empty.
  func string(_ value: TemplateValue) throws(Failure) -> String {
    switch value {
    case .undefined: return ""
    case .string(let text), .markup(let text): return text
    default: return try literal(value)
    }
  }

  /// The value as Python's `repr` gives it.
  func literal(_ value: TemplateValue) throws(Failure) -> String {
    var text = ""
    try write(value, to: &text, depth: 0)
    return text
  }

  private func write(_ value: TemplateValue, to output: inout String, depth: Int) throws(Failure) {
    try spend()
    guard depth <= Self.maximumNesting else { throw failure("prints a value nested too deep") }
    switch value {
    case .undefined: output += "Undefined"
    case .none: output += "None"
    case .bool(let flag): output += flag ? "True" : "False"
    case .integer(let number): output += String(number)
    case .bigInteger(let digits): output += digits
    case .double(let number): output += JSON.pythonText(number)
    case .string(let text): try append(TemplateText.quoted(text), to: &output)
    case .markup(let text): try append("Markup(\(TemplateText.quoted(text)))", to: &output)
    case .list(let list): try write(list, to: &output, depth: depth)
    case .mapping(let mapping):
      output += "{"
      for (index, key) in mapping.keys.enumerated() {
        if index > 0 { output += ", " }
        try write(key, to: &output, depth: depth + 1)
        output += ": "
        try write(mapping.values[index], to: &output, depth: depth + 1)
      }
      output += "}"
    case .function(let function):
      output += "<\(function.isMacro ? "Macro '\(function.name)'" : "function \(function.name)")>"
    case .object(let object):
      guard let namespace = object as? TemplateNamespace else {
        output += "<\(object.typeName)>"
        return
      }
      output += "<Namespace "
      try write(.mapping(namespace.values), to: &output, depth: depth + 1)
      output += ">"
    }
  }

  private func write(_ list: TemplateList, to output: inout String, depth: Int) throws(Failure) {
    var (open, close) = ("[", "]")
    switch list.kind {
    case .list: break
    case .tuple, .named: (open, close) = ("(", list.items.count == 1 ? ",)" : ")")
    case .view(let name): (open, close) = ("\(name)([", "])")
    case .range(let range):
      output += range.description
      return
    case .generator:
      output += "<generator object>"
      return
    }
    output += open
    for (index, item) in list.items.enumerated() {
      if index > 0 { output += ", " }
      try write(item, to: &output, depth: depth + 1)
    }
    output += close
  }
}
