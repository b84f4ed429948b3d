// From tokens to the tree. This file has the tokens at hand and the limits; statements and expressions have their own.
// Nesting is bounded, since parser, evaluator and destruction of the tree all recurse.

import SafeIO

struct TemplateParser {
  /// How deep expressions, and blocks, may nest.
  private static let maximumHeight = 150

  let name: String
  private let tokens: [TemplateToken]
  private var position = 0
  private var depth = 0
  /// The names that the innermost macro uses.
  var usedNames: Set<String> = []
  /// The tags whose blocks are not closed yet, with their places.
  var openTags: [(tag: String, place: TemplatePlace)] = []
  /// How many loops surround the current statement, within the innermost macro.
  var loops = 0

  /// The statements of a template.
  /// - Throws: `Failure.badData` with line and column.
  static func parse(_ source: String, name: String) throws(Failure) -> [TemplateStatement] {
    var parser = TemplateParser(name: name, tokens: try TemplateLexer.tokens(of: source, name: name))
    return try parser.statements(until: []).body
  }

  private init(name: String, tokens: [TemplateToken]) {
    self.name = name
    self.tokens = tokens
  }

  var current: TemplateToken { tokens[position] }

  /// The token after the current one.
  var following: TemplateToken { tokens[min(position + 1, tokens.count - 1)] }

  /// The current token; moves to the next one.
  @discardableResult
  mutating func take() -> TemplateToken {
    let token = current
    if position + 1 < tokens.count { position += 1 }
    return token
  }

  mutating func take(_ symbol: String) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    take()
    return true
  }

  mutating func takeWord(_ word: String) -> Bool {
    guard current.kind == .name(word) else { return false }
    take()
    return true
  }

  func isAt(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }

  mutating func expect(_ symbol: String) throws(Failure) {
    guard take(symbol) else { throw unexpected("'\(symbol)'") }
  }

  mutating func expectName() throws(Failure) -> String {
    guard case .name(let name) = current.kind else { throw unexpected("a name") }
    take()
    return name
  }

  mutating func expectBlockEnd() throws(Failure) {
    guard current.kind == .blockEnd else { throw unexpected("'%}'") }
    take()
  }

  func unexpected(_ expected: String) -> Failure {
    failure("expected \(expected), found \(current.description)")
  }

  func failure(_ problem: String, at place: TemplatePlace? = nil) -> Failure {
    .badData(name, "\(place ?? current.place): \(problem)")
  }

  /// Runs a part of the parser that may contain itself.
  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard depth < Self.maximumHeight else { throw failure("is nested deeper than \(Self.maximumHeight)") }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  /// An expression over others.
  func expression(
    _ kind: TemplateExpression.Kind, _ parts: [TemplateExpression], at place: TemplatePlace
  ) throws(Failure) -> TemplateExpression {
    let height = 1 + (parts.map(\.height).max() ?? 0)
    guard height <= Self.maximumHeight else {
      throw failure("an expression is nested deeper than \(Self.maximumHeight)", at: place)
    }
    return TemplateExpression(kind, place: place, height: height)
  }
}
