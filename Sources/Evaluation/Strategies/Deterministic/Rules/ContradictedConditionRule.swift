// A comparison that points the wrong way: `if size < limit` in front of an error that says "too large".

/// Compares the sign of a condition with the words of the error it leads to.
struct ContradictedConditionRule: TriageRule {
  private static let tooMuch = [
    "too large", "too many", "too long", "too big", "too high", "exceed", "over the", "more than", "above",
    "full", "overflow", "maximum",
  ]
  private static let tooLittle = [
    "too small", "too few", "too short", "too low", "below", "under the", "less than", "not enough",
    "insufficient", "minimum", "at least",
  ]
  private static let bounds = [
    "limit", "max", "quota", "capacity", "threshold", "bound", "min", "budget", "balance",
  ]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.lines.indices.compactMap { index -> RuleReport? in
        let line = source.lines[index]
        guard line.starts(with: "if") || line.starts(with: "elif"), let pointsUp = pointsUp(line),
          let saysTooMuch = complaint(below: index, in: source), saysTooMuch != pointsUp
        else { return nil }
        return RuleReport(
          source.path, line,
          issue:
            "Inverted condition: the comparison points the wrong way, it contradicts the error that it leads to.",
          nextStep: "Turn the comparison round, and test a value on each side of the bound.", confidence: 0.7)
      }
    }
  }

  /// Whether the condition holds for large quantities; nil when it compares something else.
  private func pointsUp(_ line: CodeLine) -> Bool? {
    let signs = line.tokens.indices.filter { ["<", ">", "<=", ">="].contains(line.tokens[$0].text) }
    guard signs.count == 1, let sign = signs.first else { return nil }
    let isGreater = line.tokens[sign].text.hasPrefix(">")
    let isBound: (ArraySlice<CodeToken>) -> Bool = { side in
      side.contains { token in Self.bounds.contains { token.text.lowercased().contains($0) } }
    }
    let left = isBound(line.tokens[..<sign])
    let right = isBound(line.tokens[(sign + 1)...])
    guard left != right else { return nil }
    return right ? isGreater : !isGreater
  }

  /// Whether the error below a condition complains about too much (true) or too little (false).
  private func complaint(below index: Int, in source: SourceText) -> Bool? {
    let indent = source.lines[index].indent
    let block = source.lines[(index + 1)...].prefix { $0.isBlank || $0.indent > indent }.prefix(3)
    guard
      block.contains(where: { line in
        ["raise", "throw", "return", "panic"].contains { line.contains(word: $0) }
      }),
      block.contains(where: { line in
        line.words.contains { $0.lowercased().contains("err") || $0.contains("Exception") }
      })
    else { return nil }
    var said = block.map(\.text).joined(separator: " ").lowercased()
    // The comment above the function says what its error is for.
    if let function = source.functions.last(where: { $0.header.number <= source.lines[index].number }) {
      let above = source.lines[..<(function.header.number - 1)].reversed().prefix { !$0.comment.isEmpty }
      said += " " + above.map(\.comment).joined(separator: " ").lowercased()
    }
    let much = Self.tooMuch.contains { said.contains($0) }
    let little = Self.tooLittle.contains { said.contains($0) }
    return much == little ? nil : much
  }
}
