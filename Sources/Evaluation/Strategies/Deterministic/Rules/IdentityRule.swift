// `is` where `==` is meant: identity of numbers and texts depends on how the interpreter stores them.

/// Finds values compared by identity, in Python.
struct IdentityRule: TriageRule {
  private static let singletons: Set<String> = [
    "None", "True", "False", "NotImplemented", "Ellipsis", "self", "cls",
  ]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.filter(\.isPython).flatMap { source in
      source.lines.compactMap { line -> RuleReport? in
        guard let compared = comparedValue(line) else { return nil }
        let isLiteral = compared.kind != .identifier
        return RuleReport(
          source.path, line,
          issue:
            "Identity comparison: a value is compared with 'is' instead of ==, which tests identity, not equality.",
          nextStep: "Compare with == or !=.", confidence: isLiteral ? 0.9 : 0.4)
      }
    }
  }

  /// The right side of an `is` that is neither a singleton nor a constant.
  private func comparedValue(_ line: CodeLine) -> CodeToken? {
    for index in line.tokens.indices where line.tokens[index].isWord("is") {
      var next = index + 1
      if next < line.tokens.count, line.tokens[next].isWord("not") { next += 1 }
      guard next < line.tokens.count, index > 0 else { continue }
      let value = line.tokens[next]
      let isName = value.kind == .identifier
      // A name in capitals, or one that is called or qualified, may well be a sentinel or a class.
      let isPlain = next + 1 == line.tokens.count || line.tokens[next + 1].isSymbol(":")
      if isName, Self.singletons.contains(value.text) || value.text.first?.isUppercase ?? false || !isPlain {
        continue
      }
      if value.kind == .symbol { continue }
      return value
    }
    return nil
  }
}
