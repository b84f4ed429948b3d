// Credentials that stand in the code or in configuration files.

/// Finds hard-coded secrets.
struct SecretRule: TriageRule {
  private static let words = [
    "apikey", "secret", "token", "passw", "credential", "privatekey", "accesskey", "authkey",
  ]
  /// Parts of names that hold no secret although a word of one is in them.
  private static let harmless = [
    "header", "field", "name", "min", "max", "length", "url", "path", "file", "count", "regex", "label",
    "prompt",
  ]
  private static let placeholders = [
    "example", "change", "your", "placeholder", "dummy", "xxx", "todo", "none", "null", "<", "${", "{{",
  ]
  private static let prefixes = [
    "AKIA", "ghp_", "gho_", "github_pat_", "xoxb-", "sk_live_", "sk-", "AIza", "glpat-", "-----BEGIN",
  ]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.lines.compactMap { line -> RuleReport? in
        guard let confidence = confidence(line) else { return nil }
        return RuleReport(
          source.path, line,
          issue: "Hard-coded secret: a credential (password, token or API key) stands in the code.",
          nextStep:
            "Revoke the credential, remove it from the history, and read it from the environment or a vault.",
          confidence: confidence)
      }
    }
  }

  private func confidence(_ line: CodeLine) -> Double? {
    for index in line.tokens.indices where line.tokens[index].kind == .string {
      let value = line.tokens[index].text
      if Self.prefixes.contains(where: value.hasPrefix), value.count >= 12 { return 0.95 }
      guard index >= 2, isAssignedToSecret(line, at: index), looksSecret(value) else { continue }
      return hasDigitsAndLetters(value) ? 0.9 : 0.7
    }
    return nil
  }

  /// Whether the name on the left is one that keeps a secret: `API_KEY = …`, `password: …`, `settings["token"] = …`.
  private func isAssignedToSecret(_ line: CodeLine, at index: Int) -> Bool {
    guard ["=", ":", ":="].contains(line.tokens[index - 1].text),
      let name = line.tokens[..<(index - 1)].last(where: { $0.kind != .symbol })?.text.lowercased()
    else { return false }
    let parts = name.split(whereSeparator: { $0 == "_" || $0 == "-" }).map(String.init)
    let letters = name.filter(\.isLetter)
    return Self.words.contains(where: letters.contains) && !parts.contains(where: Self.harmless.contains)
  }

  private func looksSecret(_ value: String) -> Bool {
    let lower = value.lowercased()
    return value.count >= 6 && !value.contains(" ") && !Self.placeholders.contains { lower.contains($0) }
  }

  private func hasDigitsAndLetters(_ value: String) -> Bool {
    value.contains(where: \.isNumber) && value.contains(where: \.isLetter)
  }
}
