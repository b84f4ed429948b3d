// A repository as the token sequences of the line-marking form.

import Generation
import SafeIO
import Tokenization

/// Renders files and lines as tokens.
struct LineRendering {
  /// A piece of a repository that fits the context.
  struct Chunk {
    var ids: [Int32]
    var lines: [Line] = []
  }

  /// A line and the index of its end-of-line token in the chunk.
  struct Line {
    let file: String
    let line: ViewedLine
    let end: Int
  }

  let endOfLine: Int32
  private let file: Int32
  private let ask: Int32
  private let answer: Int32
  private let model: LanguageModel

  /// Throws `.badData` when the tokenizer lacks one of the tokens.
  init(_ tokens: TriageDeclaration.LineMarking.Tokens, _ model: LanguageModel) throws(Failure) {
    self.model = model
    file = try Self.id(of: tokens.file, model)
    endOfLine = try Self.id(of: tokens.endOfLine, model)
    ask = try Self.id(of: tokens.ask, model)
    answer = try Self.id(of: tokens.answer, model)
  }

  static func id(of token: String, _ model: LanguageModel) throws(Failure) -> Int32 {
    guard let id = model.tokenizer.id(of: token) else {
      throw .badData(
        "\(model.path)/\(TriageDeclaration.fileName)",
        "names the token '\(token)', which the tokenizer does not have")
    }
    return id
  }

  /// The tokens of a question about a line.
  func question(about line: ViewedLine) throws(Failure) -> [Int32] {
    [ask] + (try model.tokens(ofData: line.text)) + [answer]
  }

  /// The repository in as few chunks of whole lines as reading in order gives.
  ///
  /// A file stays in one piece when it fits a chunk of its own; a longer one is split between lines, with its name
  /// repeated. Every chunk leaves room for the question about its longest line and `reserve` further tokens. A line
  /// that is too long for that is left out.
  ///
  /// Throws `StrategyStop.contextLength` when no line fits.
  func chunks(of view: RepositoryView, capacity: Int, reserve: Int) throws -> [Chunk] {
    let start = model.beginning
    var chunks: [Chunk] = []
    var chunk = Chunk(ids: start)
    var longest = 0
    func finish() {
      if !chunk.lines.isEmpty { chunks.append(chunk) }
      chunk = Chunk(ids: start)
      longest = 0
    }
    for file in view.files {
      let header = [self.file] + (try model.tokens(ofData: file.path + "\n"))
      let lines = try file.lines.map { (line: $0, ids: try model.tokens(ofData: $0.text) + [endOfLine]) }
      let length = header.count + lines.reduce(0) { $0 + $1.ids.count }
      let widest = lines.map(\.ids.count).max() ?? 0
      if chunk.ids.count + length + max(longest, widest) + reserve > capacity { finish() }
      var isOpen = false
      for (line, ids) in lines {
        let needed = (isOpen ? 0 : header.count) + ids.count + max(longest, ids.count) + reserve
        if chunk.ids.count + needed > capacity {
          finish()
          isOpen = false
        }
        if chunk.ids.count + header.count + 2 * ids.count + reserve > capacity, !isOpen { continue }
        if !isOpen { chunk.ids += header }
        isOpen = true
        chunk.ids += ids
        longest = max(longest, ids.count)
        chunk.lines.append(Line(file: file.path, line: line, end: chunk.ids.count - 1))
      }
    }
    finish()
    if chunks.isEmpty {
      throw StrategyStop.contextLength(
        "no line of the repository fits the model's context of \(capacity) tokens")
    }
    return chunks
  }
}
