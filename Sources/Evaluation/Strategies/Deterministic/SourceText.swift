// Source code as the rules see it: lines with their indentation and tokens, and functions found by indentation.
// One lexer serves Python, JavaScript, Go and their relatives: the rules look for shapes, they do not parse.

/// A piece of a line of code.
struct CodeToken: Equatable {
  enum Kind: Equatable {
    case identifier
    case number
    case string
    case symbol
  }

  let kind: Kind
  /// As written; of a string the content without quotes.
  let text: String

  func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
  func isWord(_ word: String) -> Bool { kind == .identifier && text == word }
}

/// A line of a file.
struct CodeLine {
  /// Counted from 1.
  let number: Int
  let text: String
  /// Leading blanks, a tab counted as four.
  let indent: Int
  /// Without comments.
  let tokens: [CodeToken]
  /// The text of a comment on the line, without its marker.
  let comment: String

  var isBlank: Bool { text.allSatisfy(\.isWhitespace) }
  var words: [String] { tokens.filter { $0.kind == .identifier }.map(\.text) }

  func starts(with word: String) -> Bool { tokens.first?.isWord(word) ?? false }
  func contains(word: String) -> Bool { tokens.contains { $0.isWord(word) } }
  func contains(symbol: String) -> Bool { tokens.contains { $0.isSymbol(symbol) } }
}

/// A function of a file: its header, and the deeper indented lines that follow.
struct CodeFunction {
  let name: String
  let header: CodeLine
  let body: [CodeLine]
  /// The names of its parameters.
  let parameters: [String]
}

/// A file of source code.
struct SourceText {
  let path: String
  let lines: [CodeLine]
  let functions: [CodeFunction]

  init(path: String, lines texts: [String]) {
    self.path = path
    let hashIsComment = !["js", "ts", "go", "java", "c", "cpp", "rs"].contains(Self.ending(path))
    var lexer = CodeLexer(hashIsComment: hashIsComment)
    lines = texts.enumerated().map { index, line in lexer.line(line, number: index + 1) }
    functions = Self.functions(in: lines)
  }

  var isPython: Bool { Self.ending(path) == "py" }

  private static func ending(_ path: String) -> String {
    String(path.split(separator: ".").last ?? "").lowercased()
  }

  private static func functions(in lines: [CodeLine]) -> [CodeFunction] {
    lines.indices.compactMap { index in
      let header = lines[index]
      guard
        let keyword = header.tokens.firstIndex(where: { ["def", "function", "func", "fn"].contains($0.text) }
        ),
        let name = header.tokens[(keyword + 1)...].first(where: { $0.kind == .identifier })
      else { return nil }
      let rest = lines[(index + 1)...]
      let body = rest.prefix { $0.isBlank || $0.indent > header.indent }
      return CodeFunction(
        name: name.text, header: header, body: body.filter { !$0.isBlank }, parameters: parameters(of: header)
      )
    }
  }

  /// Identifiers that follow the opening parenthesis or a comma of the first parenthesised list.
  private static func parameters(of header: CodeLine) -> [String] {
    guard let open = header.tokens.firstIndex(where: { $0.isSymbol("(") }) else { return [] }
    var names: [String] = []
    var depth = 0
    var previous: CodeToken?
    for token in header.tokens[open...] {
      if ["(", "[", "{"].contains(token.text), token.kind == .symbol { depth += 1 }
      if [")", "]", "}"].contains(token.text), token.kind == .symbol { depth -= 1 }
      if depth == 0 { break }
      if depth == 1, token.kind == .identifier,
        previous?.isSymbol("(") ?? false || previous?.isSymbol(",") ?? false
      {
        names.append(token.text)
      }
      previous = token
    }
    return names
  }
}
