// Calls that run text from outside as code: eval, a shell, an SQL statement put together from pieces.

/// Finds text that becomes code.
struct DangerousCallRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.lines.compactMap { line -> RuleReport? in
        guard let (problem, confidence) = problem(line) else { return nil }
        return RuleReport(
          source.path, line, issue: problem,
          nextStep: "Pass the values as parameters instead of building text.",
          confidence: confidence)
      }
    }
  }

  private func problem(_ line: CodeLine) -> (String, Double)? {
    let tokens = line.tokens
    for index in tokens.indices.dropLast()
    where tokens[index + 1].isSymbol("(") && tokens[index].kind == .identifier {
      let argument = tokens[(index + 2)...]
      let isBuilt =
        argument.first.map { $0.isWord("f") } ?? false
        || argument.contains { $0.isSymbol("+") || $0.isSymbol("%") }
        || argument.contains { $0.isWord("format") }
      let isMethod = index > 0 && tokens[index - 1].isSymbol(".")
      switch tokens[index].text {
      case "eval", "exec":
        if !isMethod, argument.first?.kind != .string {
          return ("Code injection: text from outside is evaluated as code.", 0.75)
        }
      case "execute", "executemany":
        if isMethod, isBuilt { return ("SQL injection: the statement is put together from text.", 0.85) }
      case "system", "popen":
        if isMethod, isBuilt { return ("Command injection: a shell command is put together from text.", 0.8) }
      default: break
      }
    }
    let shape = tokens.map(\.text).joined(separator: " ")
    if shape.contains("shell = True") {
      return ("Command injection: a shell runs text that may come from outside.", 0.6)
    }
    return nil
  }
}
