// Off-by-one errors: ranges and indexes that lose the last element or run past it.

/// Finds bounds that are one off.
struct RangeRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.flatMap { source in
      source.lines.indices.compactMap { index -> RuleReport? in
        guard let (problem, confidence) = problem(at: index, in: source) else { return nil }
        return RuleReport(
          source.path, source.lines[index], issue: "Off-by-one error: \(problem).",
          nextStep: "Correct the bound, and test with lists of no, one and several elements.",
          confidence: confidence)
      }
    }
  }

  private func problem(at index: Int, in source: SourceText) -> (String, Double)? {
    let line = source.lines[index]
    let shape = line.tokens.map { $0.kind == .string ? "\"\"" : $0.text }.joined(separator: " ")
    let body = source.lines[(index + 1)...].prefix { $0.isBlank || $0.indent > line.indent }
    let inside = body.map { $0.tokens.map(\.text).joined(separator: " ") }.joined(separator: "\n")
    let looksAhead = inside.contains("+ 1 ]")
    let looksBack = inside.contains("- 1 ]")
    if let range = argument(of: "range", in: line) {
      if range.hasPrefix("len ("), range.hasSuffix(") - 1"), !looksAhead {
        return ("the range stops one too early, so the last element is skipped", 0.85)
      }
      if range.hasPrefix("len ("), range.hasSuffix(") + 1"), inside.contains("[") {
        return ("the range runs one past the last element", 0.85)
      }
      if range.hasPrefix("1 , len ("), range.hasSuffix(")"), !looksBack,
        !startsWithFirst(before: index, in: source)
      {
        return ("the range starts at 1, so the first element is skipped", 0.6)
      }
      if range.hasPrefix("1 ,"), !range.contains("+ 1"), !range.contains("len"),
        saysInclusive(around: index, in: source)
      {
        return ("the range excludes its end, which is said to be included, so the last element is lost", 0.7)
      }
    }
    if shape.contains("<= len (")
      || shape.contains("<=") && (shape.contains(". length") || shape.contains(". size (")),
      shape.hasPrefix("while") || shape.hasPrefix("for")
    {
      return ("'<=' lets the index run one past the last element", 0.8)
    }
    if shape.hasPrefix("for"),
      shape.contains(". length - 1") || shape.contains("< len (") && shape.contains(") - 1"),
      shape.contains("<"), !shape.contains("<="), !looksAhead
    {
      return ("the loop stops one too early, so the last element is skipped", 0.75)
    }
    return subscriptProblem(line, shape, around: index, in: source)
  }

  private func subscriptProblem(
    _ line: CodeLine, _ shape: String, around index: Int, in source: SourceText
  ) -> (String, Double)? {
    let tokens = line.tokens
    for open in tokens.indices.dropFirst() where tokens[open].isSymbol("[") && open + 5 < tokens.count {
      let inside = tokens[(open + 1)...].prefix { !$0.isSymbol("]") }.map(\.text).joined(separator: " ")
      if inside == "len ( \(tokens[open - 1].text) )" {
        return ("the index is the length, one past the last element", 0.9)
      }
      if inside.hasPrefix(":"), inside.hasSuffix("- 1"), inside.split(separator: " ").count == 4 {
        return ("the slice ends one too early, so the last element is lost", 0.65)
      }
    }
    return nil
  }

  /// The tokens between the parentheses of a call, joined by blanks.
  private func argument(of name: String, in line: CodeLine) -> String? {
    guard let start = line.tokens.firstIndex(where: { $0.isWord(name) }), start + 1 < line.tokens.count,
      line.tokens[start + 1].isSymbol("(")
    else { return nil }
    var depth = 0
    var parts: [String] = []
    for token in line.tokens[(start + 1)...] {
      if token.isSymbol("(") { depth += 1 }
      if token.isSymbol(")") { depth -= 1 }
      if depth == 0 { break }
      parts.append(token.text)
    }
    return parts.dropFirst().joined(separator: " ")
  }

  /// Whether the lines above take element 0 as the start, as in a search for the greatest.
  private func startsWithFirst(before index: Int, in source: SourceText) -> Bool {
    source.lines[max(0, index - 4)..<index].contains { line in
      line.tokens.map(\.text).joined(separator: " ").contains("[ 0 ]")
    }
  }

  private func saysInclusive(around index: Int, in source: SourceText) -> Bool {
    let near = source.lines[max(0, index - 5)...index].map { $0.text.lowercased() }.joined(separator: "\n")
    return ["inclusive", "including", "included"].contains { near.contains($0) }
  }
}
