// The parsed template: expressions and statements.

/// An expression.
final class TemplateExpression: Sendable {
  indirect enum Kind: Sendable {
    case constant(TemplateConstant)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case mapping([TemplatePair])
    case attribute(TemplateExpression, String)
    case subscripted(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    /// A filter; without operand it is that of a filter block.
    case filter(TemplateExpression?, String, TemplateArguments)
    case test(TemplateExpression, String, TemplateArguments)
    case unary(String, TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    case concatenation([TemplateExpression])
    /// `a < b <= c`: the first operand, then operators with the others.
    case comparison(TemplateExpression, [TemplatePart])
    case conditional(then: TemplateExpression, test: TemplateExpression, otherwise: TemplateExpression?)
  }

  let kind: Kind
  let place: TemplatePlace
  /// How many expressions stand within each other, at most.
  let height: Int

  init(_ kind: Kind, place: TemplatePlace, height: Int) {
    self.kind = kind
    self.place = place
    self.height = height
  }
}

/// A value that stands in a template.
enum TemplateConstant: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// Beyond 64 bits.
  case bigInteger(String)
  case double(Double)
  case string(String)
}

/// A key with its value.
struct TemplatePair: Sendable {
  let key: TemplateExpression
  let value: TemplateExpression
}

/// An operator with the operand that follows it.
struct TemplatePart: Sendable {
  let comparison: String
  let operand: TemplateExpression
}

/// The arguments of a call.
struct TemplateArguments: Sendable {
  struct Named: Sendable {
    let name: String
    let value: TemplateExpression
  }

  var positional: [TemplateExpression] = []
  var named: [Named] = []
  /// `*list` and `**mapping`.
  var list: TemplateExpression?
  var mapping: TemplateExpression?

  var expressions: [TemplateExpression] {
    positional + named.map(\.value) + [list, mapping].compactMap { $0 }
  }
}

/// What an assignment names.
indirect enum TemplateTarget: Sendable {
  case name(String)
  /// `object.attribute`, of a namespace.
  case attribute(String, String)
  case tuple([TemplateTarget])
}

/// A statement.
struct TemplateStatement: Sendable {
  indirect enum Kind: Sendable {
    case text(String)
    case output(TemplateExpression)
    /// Conditions with what follows them; the last one of an `else` has none.
    case branches([(test: TemplateExpression?, body: [TemplateStatement])])
    case loop(TemplateLoopStatement)
    case set(TemplateTarget, TemplateExpression)
    /// `{% set x | filter %}text{% endset %}`
    case setBlock(TemplateTarget, TemplateExpression?, [TemplateStatement])
    case macro(TemplateMacroStatement)
    /// `{% call(x) macro() %}body{% endcall %}`; `body` becomes `caller`.
    case callBlock(TemplateExpression, TemplateMacroStatement)
    case filterBlock(TemplateExpression, [TemplateStatement])
    case with([(target: TemplateTarget, value: TemplateExpression)], [TemplateStatement])
    /// Statements with names of their own.
    case scope([TemplateStatement])
    case sequence([TemplateStatement])
    /// `{% block name %}`: its text stands where it is; the names of loops around are hidden unless it is `scoped`.
    case block([TemplateStatement], isScoped: Bool)
    case breaking
    case continuing
  }

  let kind: Kind
  let place: TemplatePlace
}

struct TemplateLoopStatement: Sendable {
  let target: TemplateTarget
  let source: TemplateExpression
  let test: TemplateExpression?
  let isRecursive: Bool
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]
}

struct TemplateMacroStatement: Sendable {
  let name: String
  let parameters: [(name: String, initial: TemplateExpression?)]
  let body: [TemplateStatement]
  /// Whether the body uses `varargs`, `kwargs`, `caller`: only then more than the parameters may be given.
  let takesMore: Bool
  let takesMoreNamed: Bool
  let takesCaller: Bool
}
