// An asynchronous function that is called as a statement without `await`: what follows does not wait for it.

/// Finds calls that are not awaited, in JavaScript and Python.
struct MissingAwaitRule: TriageRule {
  func reports(on repository: RepositoryText) -> [RuleReport] {
    let asynchronous = Set(
      repository.sources.flatMap(\.functions).filter { $0.header.contains(word: "async") }.map(\.name))
    guard !asynchronous.isEmpty else { return [] }
    return repository.sources.flatMap { source in
      source.functions.filter { $0.header.contains(word: "async") }.flatMap { function in
        function.body.compactMap { line -> RuleReport? in
          let call = line.tokens.drop { $0.isWord("this") || $0.isWord("self") || $0.isSymbol(".") }
          guard let name = call.first, asynchronous.contains(name.text),
            call.dropFirst().first?.isSymbol("(") ?? false,
            !line.words.contains("then")
          else { return nil }
          return RuleReport(
            source.path, line,
            issue:
              "Missing await: the async function '\(name.text)' returns a promise that nobody waits for, so the "
              + "lines below run before it is done, and its error is lost.",
            nextStep: "Add await, and test the order of the two effects.", confidence: 0.8)
        }
      }
    }
  }
}
