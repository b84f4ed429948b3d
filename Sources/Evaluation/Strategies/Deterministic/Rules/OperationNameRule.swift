// Functions that are named for one operation and compute another: `add` that subtracts, `is_even` that tests odd.

/// Compares a function's name with what it returns.
struct OperationNameRule: TriageRule {
  private static let signs: [(names: Set<String>, signs: Set<String>)] = [
    (["add", "sum", "plus", "addition"], ["+"]),
    (["subtract", "sub", "minus", "difference", "subtraction"], ["-"]),
    (["multiply", "mul", "times", "product", "multiplication"], ["*"]),
    (["divide", "div", "quotient", "division"], ["/", "//"]),
    (["power", "pow"], ["**"]),
  ]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.functions.compactMap { function -> RuleReport? in
        for line in function.body where line.starts(with: "return") {
          guard let problem = signProblem(function, line) ?? wordProblem(function, line) else { continue }
          return RuleReport(
            source.path, line, issue: "Wrong operator: '\(function.name)' \(problem).",
            nextStep: "Correct the operation and add a test that tells the two apart.", confidence: 0.9)
        }
        return nil
      }
    }
  }

  /// `return a SIGN b` over two parameters, with another sign than the name says, or the operands swapped.
  private func signProblem(_ function: CodeFunction, _ line: CodeLine) -> String? {
    let tokens = line.tokens
    guard tokens.count == 4, tokens[2].kind == .symbol, function.parameters.count == 2,
      Set([tokens[1].text, tokens[3].text]) == Set(function.parameters),
      let expected = Self.signs.first(where: { $0.names.contains(function.name.lowercased()) })?.signs
    else { return nil }
    if !expected.contains(tokens[2].text) { return "computes with '\(tokens[2].text)'" }
    let isOrdered = ["-", "/", "//", "**"].contains(tokens[2].text)
    return isOrdered && tokens[1].text != function.parameters[0] ? "has its operands in the wrong order" : nil
  }

  private func wordProblem(_ function: CodeFunction, _ line: CodeLine) -> String? {
    let shape = line.tokens.map(\.text).joined(separator: " ")
    let parts = function.name.lowercased().split(separator: "_").map(String.init)
    let has: (String) -> Bool = { parts.contains($0) }
    if has("even"), shape.contains("% 2 == 1") || shape.contains("% 2 != 0") {
      return "tests for odd numbers"
    }
    if has("odd"), shape.contains("% 2 == 0") { return "tests for even numbers" }
    let wantsGreatest = has("max") || has("maximum") || has("largest") || has("longest")
    let wantsLeast = has("min") || has("minimum") || has("smallest") || has("shortest")
    if wantsGreatest, shape.contains("min (") { return "returns the smallest" }
    if wantsLeast, shape.contains("max (") { return "returns the largest" }
    let isMean = has("average") || has("mean")
    if isMean,
      shape.contains("/ ( len (") || !shape.contains("/") && shape.contains("sum (") && shape.contains("*")
    {
      return shape.contains("- 1") || shape.contains("+ 1") ? "divides by a wrong count" : nil
    }
    return nil
  }
}
