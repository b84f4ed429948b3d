// A list, dictionary or set as default argument: it is made once, and all calls share it.

/// Finds mutable default arguments, in Python.
struct MutableDefaultRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.filter(\.isPython).flatMap { source in
      source.functions.compactMap { function -> RuleReport? in
        guard hasMutableDefault(function.header) else { return nil }
        return RuleReport(
          source.path, function.header,
          issue:
            "Mutable default argument: '\(function.name)' makes it once, and it is shared between calls.",
          nextStep: "Use None as the default and make a new value inside the function.", confidence: 0.85)
      }
    }
  }

  private func hasMutableDefault(_ header: CodeLine) -> Bool {
    let tokens = header.tokens
    return tokens.indices.dropLast().contains { index in
      guard tokens[index].isSymbol("=") else { return false }
      let value = tokens[index + 1]
      let isCall = index + 2 < tokens.count && tokens[index + 2].isSymbol("(")
      return value.isSymbol("[") || value.isSymbol("{")
        || isCall && ["list", "dict", "set"].contains(value.text)
    }
  }
}
