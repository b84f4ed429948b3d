// Reads regular expressions as Oniguruma's default (Ruby) syntax has them, which is what tokenizer.json files are
// written in: `^` and `$` are lines, `{n,m}+` repeats a repetition, `(?m)` lets the dot match newlines, `\h` is a
// hexadecimal digit. Captures only group; back-references and what looks at grapheme clusters are refused by name.

import SafeIO

/// A recursive-descent parser of one pattern.
struct RegexParser {
  let pattern: [Unicode.Scalar]
  var position = 0
  var depth = 0
  private var flags = Flags()
  /// Repetitions of repetitions so far.
  private var stackedRepetitions = 0

  /// What `(?i)` and `(?m)` switch.
  private struct Flags {
    var ignoresCase = false
    var dotMatchesNewline = false
  }

  /// Groups inside groups, and repetitions of repetitions; more are refused.
  static let maximumDepth = 100
  /// The largest count in `{n,m}`.
  private static let maximumCount = 1000

  /// Parses a whole pattern.
  /// - Throws: `Failure.badData` with the pattern and what is wrong in it.
  static func parse(_ pattern: String, source: String) throws(Failure) -> RegexNode {
    var parser = RegexParser(pattern: Array(pattern.unicodeScalars))
    do throws(Problem) {
      let node = try parser.alternation()
      if parser.position < parser.pattern.count { throw Problem("unmatched ')'") }
      return node
    } catch {
      let shown = pattern.unicodeScalars.count > 200 ? "\(pattern.prefix(200))…" : pattern
      throw .badData(
        source, "the regular expression '\(shown)': \(error.text), at character \(parser.position + 1)")
    }
  }

  struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private init(pattern: [Unicode.Scalar]) { self.pattern = pattern }

  // MARK: Structure

  private mutating func alternation() throws(Problem) -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw Problem("groups nest deeper than \(Self.maximumDepth)") }
    let outerFlags = flags
    defer { flags = outerFlags }
    var branches: [RegexNode] = []
    repeat {
      branches.append(try sequence())
    } while take("|")
    return branches.count == 1 ? branches[0] : .alternation(branches)
  }

  private mutating func sequence() throws(Problem) -> RegexNode {
    var parts: [RegexNode] = []
    while let next = peek, next != "|", next != ")" {
      guard let atom = try atom() else { continue }
      parts.append(try repeated(atom))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  /// One atom; nil for what stands for nothing, such as a comment or a flag.
  private mutating func atom() throws(Problem) -> RegexNode? {
    let next = advance()
    switch next {
    case "(": return try group()
    case "[":
      // Case is ignored for the class as a whole, before it is negated.
      let isNegated = take("^")
      let set = try characterClass()
      let folded = flags.ignoresCase ? set.ignoringCase() : set
      return .one(isNegated ? .complement(folded) : folded)
    case ".": return .one(flags.dotMatchesNewline ? .any : .complement(.scalar(0x0a)))
    case "^": return .anchor(.lineStart)
    case "$": return .anchor(.lineEnd)
    case "\\": return try escape()
    case "*", "+", "?": throw Problem("nothing to repeat")
    default: return literal(next.value)
    }
  }

  private func literal(_ scalar: UInt32) -> RegexNode {
    let set = ScalarSet.Expression.scalar(scalar)
    return .one(flags.ignoresCase ? set.ignoringCase() : set)
  }

  private mutating func group() throws(Problem) -> RegexNode? {
    guard take("?") else { return try closed(alternation()) }
    switch try next("after '(?'") {
    case ":": return try closed(alternation())
    case ">": return .atomic(try closed(alternation()))
    case "=": return .look(try closed(alternation()), isBehind: false, isNegated: false)
    case "!": return .look(try closed(alternation()), isBehind: false, isNegated: true)
    case "<" where take("="): return .look(try closed(alternation()), isBehind: true, isNegated: false)
    case "<" where take("!"): return .look(try closed(alternation()), isBehind: true, isNegated: true)
    case "<":
      while try next("in a group's name") != ">" {}
      return try closed(alternation())
    case "#":
      while try next("in a comment") != ")" {}
      return nil
    default:
      position -= 1
      return try flagGroup()
    }
  }

  private mutating func closed(_ node: RegexNode) throws(Problem) -> RegexNode {
    guard take(")") else { throw Problem("a group is not closed") }
    return node
  }

  /// `(?i:…)`, or `(?i)`, which holds to the end of the enclosing group.
  private mutating func flagGroup() throws(Problem) -> RegexNode? {
    let outerFlags = flags
    var isOn = true
    while true {
      switch try next("in a group's flags") {
      case "-": isOn = false
      case "i": flags.ignoresCase = isOn
      case "m": flags.dotMatchesNewline = isOn
      case ":":
        let node = try alternation()
        flags = outerFlags
        return try closed(node)
      case ")":
        // The rest of the enclosing group, its alternatives included, stands under the new flags.
        let rest = try alternation()
        return rest
      case let other: throw Problem("the group option '\(other)' is not supported")
      }
    }
  }

  // MARK: Repetition

  private mutating func repeated(_ atom: RegexNode) throws(Problem) -> RegexNode {
    var node = atom
    var isStacked = false
    while let (minimum, maximum, isInterval) = try quantifier() {
      // Each of them makes the tree one level deeper, as a group does.
      if isStacked { stackedRepetitions += 1 }
      isStacked = true
      guard stackedRepetitions <= Self.maximumDepth else {
        throw Problem("more than \(Self.maximumDepth) repetitions of repetitions")
      }
      var mode = RegexRepetitionMode.greedy
      if isInterval && minimum == maximum && take("?") {
        // Ruby reads {n}? as (?:…{n})?.
        let exact = RegexNode.repetition(node, minimum: minimum, maximum: maximum, mode: .greedy)
        node = .repetition(exact, minimum: 0, maximum: 1, mode: .greedy)
        continue
      } else if take("?") {
        mode = .lazy
      } else if !isInterval && take("+") {
        mode = .possessive
      }
      node = .repetition(node, minimum: minimum, maximum: maximum, mode: mode)
    }
    return node
  }

  private mutating func quantifier() throws(Problem) -> (minimum: Int, maximum: Int?, isInterval: Bool)? {
    if take("*") { return (0, nil, false) }
    if take("+") { return (1, nil, false) }
    if take("?") { return (0, 1, false) }
    let start = position
    guard take("{") else { return nil }
    let minimum = number()
    let hasComma = take(",")
    let maximum = hasComma ? number() : minimum
    // Braces that hold no counts are themselves.
    guard take("}"), minimum != nil || maximum != nil else {
      position = start
      return nil
    }
    guard max(minimum ?? 0, maximum ?? 0) <= Self.maximumCount else {
      throw Problem("a repetition counts to more than \(Self.maximumCount)")
    }
    guard (minimum ?? 0) <= (maximum ?? .max) else { throw Problem("a repetition's limits are reversed") }
    return (minimum ?? 0, maximum, true)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = peek, ("0"..."9").contains(digit) {
      value = min((value ?? 0) * 10 + Int(digit.value - 0x30), Self.maximumCount + 1)
      position += 1
    }
    return value
  }

  // MARK: Escapes

  private mutating func escape() throws(Problem) -> RegexNode {
    let kind = try next("after '\\'")
    switch kind {
    case "b": return .anchor(.wordBoundary)
    case "B": return .anchor(.notWordBoundary)
    case "A": return .anchor(.textStart)
    case "z": return .anchor(.textEnd)
    case "Z": return .anchor(.textEndOrLastNewline)
    case "R":
      let pair = RegexNode.sequence([.one(.scalar(0x0d)), .one(.scalar(0x0a))])
      return .atomic(.alternation([pair, .one(.ranges([0x0a...0x0d, 0x85...0x85, 0x2028...0x2029]))]))
    default:
      if kind == "w" { return .one(.wordOutsideBrackets) }
      if kind == "W" { return .one(.complement(.wordOutsideBrackets)) }
      if let set = try setEscape(kind) { return .one(set) }
      return literal(try scalarEscape(kind))
    }
  }

  // MARK: Reading

  var peek: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

  mutating func advance() -> Unicode.Scalar {
    position += 1
    return pattern[position - 1]
  }

  mutating func next(_ place: String) throws(Problem) -> Unicode.Scalar {
    guard position < pattern.count else { throw Problem("the pattern ends \(place)") }
    return advance()
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    position += 1
    return true
  }
}
