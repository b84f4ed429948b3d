// A formula in the documentation that the code computes with other signs: `due = price - discount` in the README,
// `return price + discount` in the function `due`.

/// Compares documented formulas with what functions return.
struct FormulaRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    let formulas = repository.documents.flatMap(\.lines).compactMap(Formula.init) + docstrings(repository)
    return repository.sources.flatMap { source in
      source.functions.flatMap { function in
        formulas.flatMap { formula -> [RuleReport] in
          guard formula.names.contains(normalized(function.name)) else { return [] }
          return function.body.compactMap { contradiction($0, formula, in: source) }
        }
      }
    }
  }

  private func docstrings(_ repository: RepositoryText) -> [Formula] {
    repository.sources.flatMap(\.lines).compactMap { line in
      let said = line.tokens.count == 1 && line.tokens[0].kind == .string ? line.tokens[0].text : line.comment
      return Formula(said)
    }
  }

  private func contradiction(_ line: CodeLine, _ formula: Formula, in source: SourceText) -> RuleReport? {
    let isReturn = line.starts(with: "return")
    let isAssignment = line.tokens.count > 2 && line.tokens[1].isSymbol("=")
    guard isReturn || isAssignment else { return nil }
    let computed = line.tokens.filter { $0.kind == .symbol && Formula.signs.contains($0.text) }.map(\.text)
    guard computed.count == formula.operators.count, computed != formula.operators,
      shared(line.words, formula.operands) >= min(2, formula.operands.count)
    else { return nil }
    return RuleReport(
      source.path, line,
      issue: "Wrong operator: the README or documentation says '\(formula.text)', the code computes with "
        + "'\(computed.joined(separator: " "))' instead.",
      nextStep: "Ask which of the two is right; if it is the documentation, correct the sign and add a test.",
      confidence: 0.85)
  }

  /// How many operands of the formula appear among the words of the code.
  private func shared(_ words: [String], _ operands: [String]) -> Int {
    let code = words.map(normalized)
    return operands.count { operand in
      code.contains { $0 == operand || $0.contains(operand) || operand.contains($0) && $0.count > 2 }
    }
  }
}

private func normalized(_ name: some StringProtocol) -> String {
  name.lowercased().filter { $0.isLetter || $0.isNumber }
}

/// A documented formula: what it defines, its operands and its signs in order.
private struct Formula {
  static let signs: Set<String> = ["+", "-", "*", "/"]
  private static let spoken = ["plus": "+", "minus": "-", "times": "*", "over": "/", "less": "-"]

  /// As written.
  let text: String
  /// Names that a function computing it may have.
  let names: Set<String>
  let operands: [String]
  let operators: [String]

  /// Reads `a = b + c`, `` `a` is b plus c `` and the like; nil for anything else.
  init?(_ line: String) {
    let plain = String(line.filter { !"`*_".contains($0) || $0 == "*" }).drop { "-# \t*".contains($0) }
    let separator = plain.contains("=") ? "=" : " is "
    let sides = plain.split(separator: separator, maxSplits: 1).map(String.init)
    guard sides.count == 2, !sides[1].hasPrefix("=") else { return nil }
    var operands: [String] = []
    var operators: [String] = []
    var current = ""
    for word in sides[1].split(whereSeparator: { " .,".contains($0) }) {
      if let sign = Self.signs.contains(String(word)) ? String(word) : Self.spoken[word.lowercased()] {
        operators.append(sign)
        operands.append(normalized(current))
        current = ""
      } else if !["the", "a", "an", "of"].contains(word.lowercased()) {
        current += word
      }
    }
    operands.append(normalized(current))
    let left = sides[0].split(separator: " ").filter { !["the", "a", "an"].contains($0.lowercased()) }
    guard !operators.isEmpty, !operands.contains(""), left.count <= 4, let last = left.last else {
      return nil
    }
    text = String(plain)
    names = [normalized(left.joined()), normalized(last)]
    self.operands = operands
    self.operators = operators
  }
}
