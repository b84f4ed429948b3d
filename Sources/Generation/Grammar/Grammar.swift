// A grammar as a plain value: what a text may be, byte by byte. Every node has a bounded language, so every text
// comes to an end. How it is recognized is `GrammarAutomaton`'s business.

import SafeIO

/// A finite set of byte strings, built from few parts.
package indirect enum Grammar: Sendable, Equatable {
  /// One of these byte strings; a single one is a literal.
  case choice([[UInt8]])
  /// A JSON string with its quotes: valid UTF-8, escapes as RFC 8259 section 7 has them, no surrogates by escape.
  /// Lengths are in code points, an escape being one.
  case string(minimumLength: Int, maximumLength: Int)
  /// A JSON number without exponent; see `DecimalRange`.
  case number(DecimalRange)
  /// One after the other.
  case sequence([Grammar])
  /// One of them. Several may agree on a beginning.
  case alternatives([Grammar])
  /// Between `minimum` and `maximum` items with `separator` between them. An item is never empty.
  case repetition(Grammar, separator: [UInt8], minimum: Int, maximum: Int)
  /// The members of an object in this order, braces not included; each is preceded by `, ` if it is not the first.
  case members([Member])

  /// One member of an object: the key with its colon, and the value.
  package struct Member: Sendable, Equatable {
    package var key: String
    package var value: Grammar
    package var isRequired: Bool

    package init(_ key: String, _ value: Grammar, isRequired: Bool = true) {
      self.key = key
      self.value = value
      self.isRequired = isRequired
    }
  }
}

extension Grammar {
  /// Exactly this text.
  package static func literal(_ text: String) -> Grammar { .choice([Array(text.utf8)]) }

  /// One of these JSON values, written as Python's `json.dumps(value, ensure_ascii=False)` does.
  package static func json(_ values: [JSON]) -> Grammar {
    .choice(values.map { Array($0.text(.python).utf8) })
  }

  package static let boolean = Grammar.json([true, false])
  package static let null = Grammar.json([nil])

  /// A JSON object with these members in this order.
  package static func object(_ members: [Member]) -> Grammar {
    .sequence([.literal("{"), .members(members), .literal("}")])
  }

  /// A JSON array of items.
  package static func array(_ item: Grammar, minimum: Int, maximum: Int) -> Grammar {
    .sequence([
      .literal("["),
      .repetition(item, separator: Array(", ".utf8), minimum: minimum, maximum: maximum),
      .literal("]"),
    ])
  }
}
