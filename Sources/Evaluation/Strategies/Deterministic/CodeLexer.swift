// Splits lines of code into tokens. Strings that span lines (Python's triple quotes, JavaScript's templates) are
// followed from line to line, so that text inside them is not taken for code.

/// Turns lines into `CodeLine` values, in order.
struct CodeLexer {
  private let hashIsComment: Bool
  /// The quote that a string of an earlier line is still waiting for.
  private var openQuote: String?

  init(hashIsComment: Bool) { self.hashIsComment = hashIsComment }

  private static let doubleSymbols: Set<String> = [
    "==", "!=", "<=", ">=", "//", "**", "+=", "-=", "*=", "/=", "->", "=>", "&&", "||", ":=",
  ]

  /// Reads one line.
  mutating func line(_ text: String, number: Int) -> CodeLine {
    let characters = Array(text)
    var tokens: [CodeToken] = []
    var comment = ""
    var position = 0
    if let quote = openQuote {
      let content = string(characters, from: &position, quote: quote)
      tokens.append(CodeToken(kind: .string, text: content))
    }
    scan: while position < characters.count {
      let character = characters[position]
      if character.isWhitespace {
        position += 1
      } else if isComment(characters, at: position) {
        comment = String(characters[position...].drop { "#/* ".contains($0) })
        break scan
      } else if "\"'`".contains(character) {
        let triple = String(repeating: String(character), count: 3)
        let quote = String(characters[position...].prefix(3)) == triple ? triple : String(character)
        position += quote.count
        tokens.append(CodeToken(kind: .string, text: string(characters, from: &position, quote: quote)))
      } else if character.isLetter || character == "_" {
        tokens.append(
          CodeToken(
            kind: .identifier, text: run(characters, &position) { $0.isLetter || $0.isNumber || $0 == "_" }))
      } else if character.isNumber {
        tokens.append(
          CodeToken(
            kind: .number,
            text: run(characters, &position) { $0.isNumber || $0.isLetter || "._".contains($0) }))
      } else {
        let pair = String(characters[position...].prefix(2))
        let symbol = Self.doubleSymbols.contains(pair) ? pair : String(character)
        tokens.append(CodeToken(kind: .symbol, text: symbol))
        position += symbol.count
      }
    }
    let indent = characters.prefix { $0 == " " || $0 == "\t" }.reduce(0) { $0 + ($1 == "\t" ? 4 : 1) }
    return CodeLine(number: number, text: text, indent: indent, tokens: tokens, comment: comment)
  }

  private func isComment(_ characters: [Character], at position: Int) -> Bool {
    if hashIsComment { return characters[position] == "#" }
    let pair = String(characters[position...].prefix(2))
    return pair == "//" || pair == "/*"
  }

  private func run(_ characters: [Character], _ position: inout Int, while belongs: (Character) -> Bool)
    -> String
  {
    let start = position
    while position < characters.count, belongs(characters[position]) { position += 1 }
    return String(characters[start..<position])
  }

  /// Reads a string's content up to its closing quote; a quote that may span lines stays open at the line's end.
  private mutating func string(_ characters: [Character], from position: inout Int, quote: String) -> String {
    let start = position
    openQuote = nil
    while position < characters.count {
      if characters[position] == "\\" {
        position += 2
      } else if String(characters[position...].prefix(quote.count)) == quote {
        let content = String(characters[start..<position])
        position += quote.count
        return content
      } else {
        position += 1
      }
    }
    position = characters.count
    if quote.count == 3 || quote == "`" { openQuote = quote }
    return String(characters[min(start, position)..<position])
  }
}
