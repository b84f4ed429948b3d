// Errors that are caught and forgotten.

/// Finds handlers that do nothing.
struct SwallowedExceptionRule: TriageRule {
  private static let nothing: Set<String> = ["pass", "continue", ". . .", "return None", "return", "}"]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.lines.indices.compactMap { index -> RuleReport? in
        guard let confidence = confidence(at: index, in: source) else { return nil }
        return RuleReport(
          source.path, source.lines[index],
          issue:
            "Swallowed exception: the error is caught and silently ignored, so a failure looks like success.",
          nextStep:
            "Handle the error, log it, or let it reach the caller; add a test in which the call fails.",
          confidence: confidence)
      }
    }
  }

  private func confidence(at index: Int, in source: SourceText) -> Double? {
    let line = source.lines[index]
    let tokens = line.tokens.filter { !$0.isSymbol("}") || line.tokens.count == 1 }
    guard let first = tokens.first else { return nil }
    if first.isWord("except") {
      let isBroad = tokens.count == 2 || line.words.contains { ["Exception", "BaseException"].contains($0) }
      let inline = tokens.drop { !$0.isSymbol(":") }.dropFirst()
      let body = inline.isEmpty ? statements(after: index, in: source) : [joined(Array(inline))]
      guard !body.isEmpty, body.allSatisfy(Self.nothing.contains) else { return nil }
      return isBroad ? 0.85 : 0.45
    }
    if first.isWord("catch") {
      let isEmptyInline = line.tokens.suffix(2).map(\.text) == ["{", "}"]
      let next = source.lines[(index + 1)...].first { !$0.tokens.isEmpty }
      let isEmptyBlock =
        line.tokens.last?.isSymbol("{") ?? false && next?.tokens.first?.isSymbol("}") ?? false
      return isEmptyInline || isEmptyBlock ? 0.85 : nil
    }
    return nil
  }

  /// The statements of the block below a line.
  private func statements(after index: Int, in source: SourceText) -> [String] {
    let indent = source.lines[index].indent
    return source.lines[(index + 1)...].prefix { $0.isBlank || $0.indent > indent }
      .filter { !$0.tokens.isEmpty }.map { joined($0.tokens) }
  }

  private func joined(_ tokens: [CodeToken]) -> String { tokens.map(\.text).joined(separator: " ") }
}
