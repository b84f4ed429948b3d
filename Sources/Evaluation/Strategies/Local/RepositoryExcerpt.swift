// Which part of a repository a model with a short context gets to see: what has most to do with the question.

/// Chooses files and lines for a budget of tokens; the same question gives the same choice.
struct RepositoryExcerpt {
  /// More files than this are not shown, whatever the budget.
  private static let fileLimit = 200

  private let view: RepositoryView
  /// The question's words, lowercased; short ones say nothing.
  private let words: Set<String>

  init(_ view: RepositoryView, question: String) {
    self.view = view
    words = Self.words(of: question).filter { $0.count > 3 }
  }

  /// Whole files as long as they fit; of a file that does not, the lines that have most to do with the question.
  ///
  /// - Parameters:
  ///   - budget: tokens for all that is returned.
  ///   - cost: the tokens of a piece of text.
  /// - Returns: the files in the view's order.
  func files(within budget: Int, cost: (String) throws -> Int) rethrows -> [ViewedFile] {
    let order = view.files.indices.sorted { left, right in
      let (a, b) = (relevance(view.files[left]), relevance(view.files[right]))
      return a != b ? a > b : left < right
    }
    var left = budget
    var chosen: [Int: ViewedFile] = [:]
    for index in order.prefix(Self.fileLimit) {
      var file = view.files[index]
      let header = try cost(
        RepositoryPrompt.block(ViewedFile(path: file.path, kind: file.kind, lines: []), fence: "====="))
      let costs = try file.lines.map { try cost("\($0.number): \($0.text)\n") }
      var room = left - header
      var kept: Set<Int> = []
      let ranked = file.lines.indices.sorted { left, right in
        let (a, b) = (matches(file.lines[left].text), matches(file.lines[right].text))
        return a != b ? a > b : left < right
      }
      let fitsWhole = costs.reduce(0, +) <= room
      for line in fitsWhole ? Array(file.lines.indices) : ranked where costs[line] <= room {
        kept.insert(line)
        room -= costs[line]
      }
      guard !kept.isEmpty else { continue }
      file.lines = file.lines.indices.filter(kept.contains).map { file.lines[$0] }
      chosen[index] = file
      left = room
    }
    return view.files.indices.compactMap { chosen[$0] }
  }

  /// Code and logs before documents before tests, then by how many of the question's words a file holds.
  private func relevance(_ file: ViewedFile) -> Int {
    let base =
      switch file.kind {
      case .code, .log: 2000
      case .document: 1000
      case .test: 0
      }
    let text = ([file.path] + file.lines.map(\.text)).joined(separator: "\n")
    return base + min(999, matches(text))
  }

  private func matches(_ text: String) -> Int { Self.words(of: text).intersection(words).count }

  private static func words(of text: String) -> Set<String> {
    Set(text.lowercased().split { !$0.isLetter }.map(String.init))
  }
}
