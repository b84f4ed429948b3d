// Files that are opened outside a `with` statement and never closed.

/// Finds leaked file handles, in Python.
struct UnclosedFileRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.sources.filter(\.isPython).flatMap { source in
      source.lines.indices.compactMap { index -> RuleReport? in
        let line = source.lines[index]
        guard opens(line), !line.starts(with: "with"), !line.starts(with: "def"),
          !isClosed(line, at: index, in: source)
        else { return nil }
        return RuleReport(
          source.path, line,
          issue:
            "Unclosed file: it is opened without a with statement and never closed, so the handle leaks.",
          nextStep: "Open it in a with statement, so that it is closed on every path.", confidence: 0.8)
      }
    }
  }

  /// Whether `open(` is called, as a function of its own or of a module such as io or gzip.
  private func opens(_ line: CodeLine) -> Bool {
    line.tokens.indices.dropLast().contains { index in
      guard line.tokens[index].isWord("open"), line.tokens[index + 1].isSymbol("(") else { return false }
      guard index >= 2, line.tokens[index - 1].isSymbol(".") else { return true }
      return ["io", "gzip", "codecs", "bz2", "lzma"].contains(line.tokens[index - 2].text)
    }
  }

  /// Whether the handle is closed later, handed to the caller, or to something that closes it.
  private func isClosed(_ line: CodeLine, at index: Int, in source: SourceText) -> Bool {
    if line.words.contains("enter_context") || line.words.contains("closing") { return true }
    if line.starts(with: "return"), line.tokens.count > 2, line.tokens[1].isWord("open"),
      line.tokens.last?.isSymbol(")") ?? false
    {
      return !line.words.contains("read") && !line.words.contains("readlines")
    }
    guard line.tokens.count > 2,
      let name = line.tokens.first(where: { $0.kind == .identifier && $0.text != "self" })?.text,
      line.contains(symbol: "=")
    else { return false }
    return source.lines[(index + 1)...].contains { later in
      later.words.contains(name) && (later.words.contains("close") || later.starts(with: "with"))
    }
  }
}
