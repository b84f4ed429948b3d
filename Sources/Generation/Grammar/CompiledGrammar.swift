// A grammar made ready for one alphabet: parts in an array, each with the length of its shortest text, and checked
// against the limits that keep hostile schemas cheap.

import SafeIO

/// A grammar over the bytes that a vocabulary can spell.
package struct CompiledGrammar: Sendable {
  /// What an automaton's stack consists of; `Int32` are indices of parts.
  enum Part: Sendable {
    case matcher(any ByteMatcher)
    case sequence([Int32])
    case alternatives([Int32])
    case repetition(item: Int32, separator: Int32, minimum: Int, maximum: Int)
    /// Per member the parts of `"key": value`, and of the comma before it.
    case members([(pair: Int32, isRequired: Bool)], comma: Int32)
  }

  /// Bounds on what a grammar may be, so that no schema costs more than a moment.
  package enum Limit {
    package static let parts = 20_000
    package static let depth = 64
    /// Ways in which a text's beginning may be read at the same time.
    package static let readings = 1024
    /// Bytes of the shortest text.
    package static let shortestText = 1 << 20
  }

  let parts: [Part]
  /// Bytes of the shortest text of each part, `unreachable` if the alphabet lacks what it needs.
  let shortest: [Int]
  let alphabet: ByteSet
  let root: Int32

  /// Compiles `grammar` for a vocabulary whose single-byte tokens are `alphabet`.
  ///
  /// Throws `.badData` with `source` as the place when the grammar exceeds a limit or has no text that the alphabet
  /// can spell.
  package init(_ grammar: Grammar, alphabet: ByteSet, source: String) throws(Failure) {
    self.alphabet = alphabet
    var builder = Builder(alphabet: alphabet, source: source)
    root = try builder.add(grammar, depth: 0)
    parts = builder.parts
    shortest = builder.shortest
    if shortest[Int(root)] == unreachable {
      throw .badData(
        source,
        "asks for text that the tokenizer has no tokens for: its vocabulary lacks some of the single bytes")
    }
    if shortest[Int(root)] > Limit.shortestText {
      throw .badData(
        source,
        "the shortest text that fits has more than the \(Limit.shortestText) bytes allowed")
    }
  }
}

/// Adds parts, children before parents.
private struct Builder {
  var parts: [CompiledGrammar.Part] = []
  var shortest: [Int] = []
  /// How many ways of reading one beginning there can be within each part.
  var readings: [Int] = []
  let alphabet: ByteSet
  let source: String

  init(alphabet: ByteSet, source: String) {
    self.alphabet = alphabet
    self.source = source
  }

  mutating func add(_ grammar: Grammar, depth: Int) throws(Failure) -> Int32 {
    guard depth < CompiledGrammar.Limit.depth else {
      throw .badData(source, "is nested more than \(CompiledGrammar.Limit.depth) levels deep")
    }
    switch grammar {
    case .choice(let texts): return try matcher(LiteralMatcher(texts, alphabet: alphabet))
    case .string(let minimum, let maximum):
      return try matcher(StringMatcher(minimum: minimum, maximum: maximum, alphabet: alphabet))
    case .number(let range): return try matcher(NumberMatcher(range, alphabet: alphabet))
    case .sequence(let items):
      var children: [Int32] = []
      for item in items { children.append(try add(item, depth: depth + 1)) }
      return try append(
        .sequence(children), shortest: children.reduce(0) { joined($0, shortest[Int($1)]) },
        readings: largest(children))
    case .alternatives(let choices):
      var children: [Int32] = []
      for choice in choices { children.append(try add(choice, depth: depth + 1)) }
      return try append(
        .alternatives(children), shortest: children.map { shortest[Int($0)] }.min() ?? unreachable,
        readings: children.reduce(0) { $0 + readings[Int($1)] })
    case .repetition(let item, let separator, let minimum, let maximum):
      let child = try add(item, depth: depth + 1)
      let comma = try matcher(LiteralMatcher([separator], alphabet: alphabet))
      let further = joined(shortest[Int(child)], shortest[Int(comma)])
      let length = minimum == 0 ? 0 : joined(shortest[Int(child)], repeated(further, minimum - 1))
      return try append(
        .repetition(item: child, separator: comma, minimum: minimum, maximum: maximum),
        shortest: length, readings: readings[Int(child)] + 1)
    case .members(let members): return try add(members: members, depth: depth)
    }
  }

  private mutating func add(members: [Grammar.Member], depth: Int) throws(Failure) -> Int32 {
    let comma = try matcher(LiteralMatcher([Array(", ".utf8)], alphabet: alphabet))
    var pairs: [(pair: Int32, isRequired: Bool)] = []
    var length = 0
    for member in members {
      let key = JSON.string(member.key).text(.python) + ": "
      let pair = try add(.sequence([.literal(key), member.value]), depth: depth + 1)
      pairs.append((pair, member.isRequired))
      if member.isRequired {
        length = joined(length, joined(length == 0 ? 0 : shortest[Int(comma)], shortest[Int(pair)]))
      }
    }
    let optional = members.count { !$0.isRequired }
    return try append(
      .members(pairs, comma: comma), shortest: length,
      readings: max(optional + 2, largest(pairs.map(\.pair))))
  }

  private func largest(_ children: [Int32]) -> Int { children.map { readings[Int($0)] }.max() ?? 1 }

  private mutating func matcher(_ matcher: any ByteMatcher) throws(Failure) -> Int32 {
    try append(.matcher(matcher), shortest: matcher.distance(matcher.start), readings: 1)
  }

  private mutating func append(
    _ part: CompiledGrammar.Part, shortest length: Int, readings ways: Int
  ) throws(Failure) -> Int32 {
    guard parts.count < CompiledGrammar.Limit.parts else {
      throw .badData(source, "has more than \(CompiledGrammar.Limit.parts) parts")
    }
    guard ways <= CompiledGrammar.Limit.readings else {
      throw .badData(
        source,
        "has alternatives that can be read in more than \(CompiledGrammar.Limit.readings) ways at once; "
          + "use fewer alternatives or optional keys")
    }
    parts.append(part)
    shortest.append(length)
    readings.append(ways)
    return Int32(parts.count - 1)
  }
}
