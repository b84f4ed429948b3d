// What the lexer gives to the parser.

/// Where something stands in a template.
struct TemplatePlace: Sendable, Equatable, CustomStringConvertible {
  /// Counted from 1.
  var line = 1
  /// In code points, counted from 1.
  var column = 1

  /// The place as errors name it.
  var description: String { "line \(line), column \(column)" }
}

/// A piece of a template.
struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    /// Text outside of tags.
    case text(String)
    /// `{%` and `%}`.
    case blockBegin
    case blockEnd
    /// `{{` and `}}`.
    case outputBegin
    case outputEnd
    case name(String)
    case string(String)
    case integer(Int)
    case bigInteger(String)
    case double(Double)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  let kind: Kind
  let place: TemplatePlace

  /// The token as an error names it.
  var description: String {
    switch kind {
    case .text: "text"
    case .blockBegin: "'{%'"
    case .blockEnd: "'%}'"
    case .outputBegin: "'{{'"
    case .outputEnd: "'}}'"
    case .name(let name): "'\(name)'"
    case .string: "a string"
    case .integer(let value): "'\(value)'"
    case .bigInteger(let digits): "'\(digits)'"
    case .double(let value): "'\(value)'"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end of the template"
    }
  }
}
