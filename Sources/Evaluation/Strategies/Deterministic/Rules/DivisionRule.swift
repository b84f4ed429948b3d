// Division by something that may be zero: the divisor is a length, a parameter or a sum, and nothing before the
// line looks at it.

/// Finds divisors without a guard.
struct DivisionRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.functions.flatMap { function in
        function.body.indices.compactMap { report(function, at: $0, in: source) }
      }
    }
  }

  private func report(_ function: CodeFunction, at index: Int, in source: SourceText) -> RuleReport? {
    let line = function.body[index]
    for position in line.tokens.indices where isDivision(line, at: position) {
      guard let divisor = Divisor(after: position, in: line) else { continue }
      let earlier = Array(function.body[..<index])
      let names = divisor.names.union(origins(of: divisor.names, in: earlier))
      guard !isGuarded(names, line: line, divisor: divisor, earlier: earlier, function: function) else {
        continue
      }
      let isSuspect = divisor.isLength || !names.isDisjoint(with: function.parameters)
      let what =
        divisor.isLength ? "'\(divisor.shown)' is zero when it is empty" : "'\(divisor.shown)' may be zero"
      return RuleReport(
        source.path, line,
        issue: "Division by zero (ZeroDivisionError): \(what), and nothing before this line checks it.",
        nextStep:
          "Decide what '\(function.name)' should return for an empty or zero divisor, check it before the "
          + "division, and add a test for it.",
        confidence: divisor.isLength ? 0.85 : isSuspect ? 0.6 : 0.4)
    }
    return nil
  }

  private func isDivision(_ line: CodeLine, at position: Int) -> Bool {
    let token = line.tokens[position]
    guard token.kind == .symbol, ["/", "//", "%", "/="].contains(token.text), position > 0 else {
      return false
    }
    // A string on the left is a path or a format.
    return line.tokens[position - 1].kind != .string
  }

  /// The names that the divisor was computed from, one step back.
  private func origins(of names: Set<String>, in earlier: [CodeLine]) -> Set<String> {
    Set(
      earlier.flatMap { line -> [String] in
        guard line.tokens.count > 2, names.contains(line.tokens[0].text), line.tokens[1].isSymbol("=") else {
          return []
        }
        return line.tokens[2...].filter { $0.kind == .identifier }.map(\.text)
      })
  }

  private static let checks: Set<String> = [
    "if", "elif", "while", "assert", "unless", "require", "guard", "for",
  ]

  private func isGuarded(
    _ names: Set<String>, line: CodeLine, divisor: Divisor, earlier: [CodeLine], function: CodeFunction
  ) -> Bool {
    let isMade: (CodeLine) -> Bool = {
      names.contains($0.tokens.first?.text ?? "") && ($0.contains(word: "or") || $0.contains(word: "max"))
    }
    let isChecked: (CodeLine) -> Bool = { other in
      guard Self.checks.contains(other.tokens.first?.text ?? ""), !names.isDisjoint(with: other.words) else {
        return false
      }
      // A loop over the divisor protects only what stands inside it.
      return !other.starts(with: "for") || other.indent < line.indent
    }
    let isTernary = line.contains(word: "if") && line.contains(word: "else") || line.contains(symbol: "?")
    return earlier.contains { isMade($0) || isChecked($0) } || isTernary || divisor.hasFallback
      || function.body.contains { $0.contains(word: "ZeroDivisionError") }
  }
}

/// What stands to the right of a division sign, when it is a name or the length of one.
private struct Divisor {
  let names: Set<String>
  let shown: String
  let isLength: Bool
  /// Whether it reads `x or 1`, or is the larger of something.
  let hasFallback: Bool

  init?(after position: Int, in line: CodeLine) {
    var rest = line.tokens[(position + 1)...]
    let isParenthesised = rest.first?.isSymbol("(") ?? false
    if isParenthesised { rest = rest.dropFirst() }
    guard let first = rest.first, first.kind == .identifier,
      first.text != first.text.uppercased() || first.text.count == 1
    else { return nil }
    hasFallback = rest.prefix(6).contains { $0.isWord("or") || $0.isWord("max") }
    let tokens = Array(rest)
    if first.text == "len" || first.text == "count" || first.text == "sum", tokens.count > 2,
      tokens[1].isSymbol("(")
    {
      names = [tokens[2].text]
      shown = "\(first.text)(\(tokens[2].text))"
      isLength = true
    } else if tokens.count > 2, tokens[1].isSymbol("."), ["length", "size", "count"].contains(tokens[2].text)
    {
      names = [first.text]
      shown = "\(first.text).\(tokens[2].text)"
      isLength = true
    } else {
      // A call gives something unknown.
      if tokens.count > 1, tokens[1].isSymbol("(") { return nil }
      let upTo = isParenthesised ? tokens.prefix { !$0.isSymbol(")") } : tokens[..<1]
      names = Set(upTo.filter { $0.kind == .identifier }.map(\.text))
      // A sum with a number in it is rarely zero.
      if isParenthesised, upTo.contains(where: { $0.isSymbol("+") }) { return nil }
      shown = upTo.map(\.text).joined(separator: " ")
      isLength = false
    }
  }
}
