// A dictionary read with [] by a key that need not be in it.

/// Finds subscripts of dictionaries without a check, in Python.
struct MissingKeyRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    let prose = repository.prose
    let isOptional = ["without", "unknown", "missing", "optional", "default", "not every", "absent"].contains
    {
      prose.contains($0)
    }
    return repository.sources.filter(\.isPython).flatMap { source in
      source.functions.flatMap { function in
        function.body.indices.compactMap { index -> RuleReport? in
          guard let read = read(in: function.body[index], function: function, source: source),
            !isGuarded(read, before: index, in: function)
          else { return nil }
          return RuleReport(
            source.path, function.body[index],
            issue:
              "KeyError: the key \(read.key) may be missing from '\(read.table)', which is read without a check.",
            nextStep:
              "Read it with .get and a default, or check the key first; add a test with an unknown key.",
            confidence: (read.isKnownTable ? 0.6 : 0.45) + (isOptional ? 0.15 : 0))
        }
      }
    }
  }

  private struct Read {
    let table: String
    let key: String
    let isKnownTable: Bool
  }

  private static let indexNames: Set<String> = [
    "i", "j", "k", "n", "index", "idx", "position", "row", "column", "start", "end",
  ]

  private func read(in line: CodeLine, function: CodeFunction, source: SourceText) -> Read? {
    let tokens = line.tokens
    guard tokens.count > 3 else { return nil }
    for open in 1..<(tokens.count - 2) where tokens[open].isSymbol("[") && tokens[open + 2].isSymbol("]") {
      let table = tokens[open - 1]
      let key = tokens[open + 1]
      let next = open + 3 < tokens.count ? tokens[open + 3] : nil
      guard table.kind == .identifier, !Self.indexNames.contains(key.text), !(next?.isSymbol("=") ?? false),
        key.kind == .string || key.kind == .identifier && isName(key.text, of: function)
      else { continue }
      let literals = literalKeys(of: table.text, in: source)
      if key.kind == .string, literals?.contains(key.text) ?? false { continue }
      // With a text as key it must be a dictionary; with a name, only if it is seen to be one.
      let isDictionary = literals != nil || usedAsDictionary(table.text, in: source)
      guard key.kind == .string || isDictionary || function.parameters.contains(table.text) else { continue }
      if isPosition(key.text, in: function) { continue }
      return Read(table: table.text, key: "'\(key.text)'", isKnownTable: literals != nil || isDictionary)
    }
    return nil
  }

  /// Whether the name is a parameter or a loop variable: something that the caller decides.
  private func isName(_ name: String, of function: CodeFunction) -> Bool {
    function.parameters.contains(name)
      || function.body.contains {
        $0.contains(word: "for") && $0.contains(word: "in") && $0.words.contains(name)
      }
  }

  /// The text keys of a dictionary that is written out in the file; nil when there is none of that name.
  private func literalKeys(of table: String, in source: SourceText) -> Set<String>? {
    guard
      let line = source.lines.first(where: {
        $0.tokens.count > 2 && $0.tokens[0].isWord(table) && $0.tokens[1].isSymbol("=")
          && $0.tokens[2].isSymbol("{")
      })
    else { return nil }
    return Set(line.tokens.filter { $0.kind == .string }.map(\.text))
  }

  private func usedAsDictionary(_ table: String, in source: SourceText) -> Bool {
    source.lines.contains { line in
      line.tokens.indices.dropFirst(2).contains { index in
        line.tokens[index - 2].isWord(table) && line.tokens[index - 1].isSymbol(".")
          && ["get", "items", "keys", "values", "setdefault"].contains(line.tokens[index].text)
      }
    }
  }

  /// Whether a name counts positions: it comes from range or enumerate.
  private func isPosition(_ name: String, in function: CodeFunction) -> Bool {
    function.body.contains {
      $0.words.contains(name) && ($0.contains(word: "range") || $0.contains(word: "enumerate"))
    }
  }

  private func isGuarded(_ read: Read, before index: Int, in function: CodeFunction) -> Bool {
    let key = read.key.dropFirst().dropLast()
    return function.body[...index].contains { line in
      let isMentioned = line.words.contains(read.table) || line.words.contains { read.table.hasSuffix($0) }
      let isCheck =
        line.contains(word: "in")
        && (line.starts(with: "if") || line.starts(with: "for") || line.contains(word: "if"))
      let isStored =
        line.tokens.count > 4 && line.tokens[0].isWord(read.table) && line.tokens[2].text == key
        && line.tokens[4].isSymbol("=")
      return isMentioned && isCheck || isStored || line.contains(word: "setdefault")
        || line.contains(word: "defaultdict")
    } || function.body.contains { $0.contains(word: "KeyError") || $0.contains(word: "LookupError") }
  }
}
