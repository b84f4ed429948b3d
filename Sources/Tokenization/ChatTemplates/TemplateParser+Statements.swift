// Statements. The table says which tag begins what; all that Jinja loads from other files is refused, since a chat
// template is one file.

import SafeIO

extension TemplateParser {
  private typealias Rule = @Sendable (inout TemplateParser) throws(Failure) -> TemplateStatement.Kind

  private static let rules: [String: Rule] = [
    "if": branches,
    "for": loop,
    "set": assignment,
    "macro": macro,
    "call": callBlock,
    "filter": filterBlock,
    "with": with,
    "print": printing,
    "block": block,
    "generation": generation,
    "break": breaking,
    "continue": continuing,
  ]

  /// Statements up to one of the given tags, whose name is passed.
  mutating func statements(
    until ends: [String]
  ) throws(Failure) -> (body: [TemplateStatement], end: String) {
    try nested { parser throws(Failure) in try parser.statementList(until: ends) }
  }

  private mutating func statementList(
    until ends: [String]
  ) throws(Failure) -> (body: [TemplateStatement], end: String) {
    var body: [TemplateStatement] = []
    while true {
      let token = take()
      switch token.kind {
      case .text(let text): body.append(TemplateStatement(kind: .text(text), place: token.place))
      case .outputBegin:
        let value = try tupleOrExpression()
        guard current.kind == .outputEnd else { throw unexpected("'}}'") }
        take()
        body.append(TemplateStatement(kind: .output(value), place: token.place))
      case .blockBegin:
        guard case .name(let tag) = current.kind else { throw unexpected("the name of a tag") }
        if ends.contains(tag) {
          take()
          return (body, tag)
        }
        guard let rule = Self.rules[tag] else { throw unknown(tag, ends) }
        take()
        openTags.append((tag, token.place))
        let kind = try rule(&self)
        openTags.removeLast()
        try expectBlockEnd()
        body.append(TemplateStatement(kind: kind, place: token.place))
      default:
        if let (tag, place) = openTags.last, let end = ends.last {
          throw failure("the block '\(tag)' does not end, '{% \(end) %}' is missing", at: place)
        }
        return (body, "")
      }
    }
  }

  private func unknown(_ tag: String, _ ends: [String]) -> Failure {
    if ["include", "import", "from", "extends"].contains(tag) {
      return failure("the tag '\(tag)' is not available, a chat template is one file")
    }
    if tag == "autoescape" {
      return failure("the tag 'autoescape' is not available, a chat template writes no HTML")
    }
    if ends.isEmpty { return failure("unknown tag '\(tag)'") }
    return failure("unknown tag '\(tag)', or '\(ends.joined(separator: "' or '"))' is missing")
  }

  /// The body of a tag: passes the end of the tag itself, and the tag that ends the body.
  private mutating func body(until end: String) throws(Failure) -> [TemplateStatement] {
    try body(until: [end]).body
  }

  private mutating func body(
    until ends: [String]
  ) throws(Failure) -> (body: [TemplateStatement], end: String) {
    // A colon may end the tag, as in Python.
    _ = take(":")
    try expectBlockEnd()
    return try statements(until: ends)
  }

  private static func branches(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    var branches: [(test: TemplateExpression?, body: [TemplateStatement])] = []
    while true {
      let test = try parser.tupleOrExpression(withConditional: false)
      let (body, end) = try parser.body(until: ["elif", "else", "endif"])
      branches.append((test, body))
      if end == "else" { branches.append((nil, try parser.body(until: "endif"))) }
      if end != "elif" { return .branches(branches) }
    }
  }

  private static func loop(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    let target = try parser.target()
    guard parser.takeWord("in") else { throw parser.unexpected("'in'") }
    let source = try parser.tupleOrExpression(withConditional: false, until: "recursive")
    let test = parser.takeWord("if") ? try parser.expression() : nil
    let isRecursive = parser.takeWord("recursive")
    parser.loops += 1
    let (body, end) = try parser.body(until: ["else", "endfor"])
    parser.loops -= 1
    return .loop(
      TemplateLoopStatement(
        target: target, source: source, test: test, isRecursive: isRecursive, body: body,
        otherwise: end == "else" ? try parser.body(until: "endfor") : []))
  }

  private static func assignment(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    let target = try parser.target(withAttributes: true)
    if parser.take("=") { return .set(target, try parser.tupleOrExpression()) }
    var filter: TemplateExpression?
    while parser.isAt("|") { filter = try parser.filter(of: filter) }
    return .setBlock(target, filter, try parser.body(until: "endset"))
  }

  private static func macro(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    let name = try parser.expectName()
    return .macro(try parser.macroBody(name: name, end: "endmacro") { parser throws(Failure) in () })
  }

  private static func callBlock(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    var call: TemplateExpression?
    let caller = try parser.macroBody(name: "caller", end: "endcall") { parser throws(Failure) in
      call = try parser.expression()
    }
    guard let call, case .call = call.kind else { throw parser.failure("expected a call of a macro") }
    return .callBlock(call, caller)
  }

  /// Parameters, what stands between them and the end of the tag, and the body.
  private mutating func macroBody(
    name: String, end: String, _ between: (inout TemplateParser) throws(Failure) -> Void
  ) throws(Failure) -> TemplateMacroStatement {
    var outer = (names: usedNames, loops: loops)
    usedNames = []
    loops = 0
    var parameters: [(name: String, initial: TemplateExpression?)] = []
    if end == "endmacro" || isAt("(") {
      try expect("(")
      while !take(")") {
        if !parameters.isEmpty { try expect(",") }
        let parameter = try expectName()
        parameters.append((parameter, take("=") ? try expression() : nil))
        if parameters.count > 1, parameters[parameters.count - 2].initial != nil,
          parameters.last?.initial == nil
        {
          throw failure("a parameter without default follows one with default")
        }
      }
    }
    try between(&self)
    let body = try body(until: end)
    let used = usedNames
    // The names outside are moved, not copied: there may be as many macros as names.
    swap(&usedNames, &outer.names)
    usedNames.formUnion(used)
    loops = outer.loops
    return TemplateMacroStatement(
      name: name, parameters: parameters, body: body, takesMore: used.contains("varargs"),
      takesMoreNamed: used.contains("kwargs"), takesCaller: used.contains("caller"))
  }

  private static func filterBlock(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    var filter = try parser.filter(of: nil, isInline: true)
    while parser.isAt("|") { filter = try parser.filter(of: filter) }
    return .filterBlock(filter, try parser.body(until: "endfilter"))
  }

  private static func printing(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    var body: [TemplateStatement] = []
    repeat {
      let place = parser.current.place
      body.append(TemplateStatement(kind: .output(try parser.expression()), place: place))
    } while parser.take(",")
    return .sequence(body)
  }

  private static func block(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    let name = try parser.expectName()
    let isScoped = parser.takeWord("scoped")
    _ = parser.takeWord("required")
    let body = try parser.body(until: "endblock")
    _ = parser.takeWord(name)
    return .block(body, isScoped: isScoped)
  }

  private static func with(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    var values: [(target: TemplateTarget, value: TemplateExpression)] = []
    while parser.current.kind != .blockEnd {
      if !values.isEmpty { try parser.expect(",") }
      let target = try parser.target()
      try parser.expect("=")
      values.append((target, try parser.expression()))
    }
    return .with(values, try parser.body(until: "endwith"))
  }

  /// Marks what the assistant said, for training masks; renders as its body.
  private static func generation(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    .scope(try parser.body(until: "endgeneration"))
  }

  private static func breaking(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    guard parser.loops > 0 else { throw parser.failure("'break' outside of a loop") }
    return .breaking
  }

  private static func continuing(_ parser: inout TemplateParser) throws(Failure) -> TemplateStatement.Kind {
    guard parser.loops > 0 else { throw parser.failure("'continue' outside of a loop") }
    return .continuing
  }

  /// What is assigned to: a name, several, or (where allowed) an attribute.
  private mutating func target(withAttributes: Bool = false) throws(Failure) -> TemplateTarget {
    var targets: [TemplateTarget] = []
    var isTuple = false
    while true {
      if take("(") {
        targets.append(try nested { parser throws(Failure) in try parser.target() })
        try expect(")")
      } else {
        let name = try expectName()
        guard !TemplateParser.reserved.contains(name) else { throw failure("can't assign to '\(name)'") }
        if withAttributes, take(".") {
          targets.append(.attribute(name, try expectName()))
        } else {
          targets.append(.name(name))
        }
      }
      guard take(",") else { break }
      isTuple = true
      guard case .name(let next) = current.kind, next != "in" else {
        if isAt("(") { continue }
        break
      }
    }
    return targets.count == 1 && !isTuple ? targets[0] : .tuple(targets)
  }
}
