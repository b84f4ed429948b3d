// Texts that `safe` and `escape` mark as HTML. What is added to one with `+`, `%` or a method gets escaped, and the result
// is marked again; `~`, most filters and `{{ }}` take the text as it is.

import SafeIO

extension TemplateValue {
  /// What was made of this text, marked when this is.
  func marking(_ result: TemplateValue) -> TemplateValue {
    guard case .markup = self else { return result }
    switch result {
    case .string(let text): return .markup(text)
    case .list(let list):
      list.items = list.items.map { marking($0) }
      return result
    default: return result
    }
  }
}

extension TemplateEvaluator {
  /// A text with the characters that mean something in HTML written as entities, unless it is marked already.
  func escaped(_ value: TemplateValue) throws(Failure) -> String {
    let text = try string(value)
    if case .markup = value { return text }
    return try escaped(text)
  }

  func escaped(_ text: String) throws(Failure) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&#34;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    try checkText(result.utf8.count)
    return result
  }

  /// `left + right` when one of two texts is marked.
  func concatenated(_ left: TemplateValue, _ right: TemplateValue) throws(Failure) -> TemplateValue {
    var text = try escaped(left)
    try append(try escaped(right), to: &text)
    return .markup(text)
  }
}
