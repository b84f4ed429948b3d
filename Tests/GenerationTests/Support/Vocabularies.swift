// Vocabularies made for tests: what matters to a grammar is which byte strings are tokens.

import Generation
import Testing

/// A vocabulary by name, so that a failing case prints which one it was.
struct NamedVocabulary: Sendable, CustomTestStringConvertible {
  let name: String
  let trie: VocabularyTrie
  var testDescription: String { name }

  init(_ name: String, _ spelling: [[UInt8]?]) {
    self.name = name
    trie = VocabularyTrie(spelling)
  }

  /// Special tokens, as tokenizers have them at the front.
  private static let special: [[UInt8]?] = [nil, nil, nil]
  private static let bytes: [[UInt8]?] = (0...255).map { [UInt8($0)] }
  /// Tokens that cross the borders between the parts of a JSON text.
  private static let merges: [[UInt8]?] = [
    "\": ", "\", \"", "{\"", "\"}", "}]", "}]}", "]}", "[{\"", ", ", ": ", "\"]", "name", "na", "true", "tr",
    "fal",
    "null", "10", "123", "0.", ".5", "-1", "\\n", "\\\"", "\\u00", "é", "日本", "日", "    ", "\"\"", "[]", "{}",
    "return a / b", "\n\n", "a\nb", "\"name\": \"", "e\"", "12345678901234567890",
  ].map { Array($0.utf8) }

  static let all = [
    NamedVocabulary("single bytes", special + bytes),
    NamedVocabulary("bytes and merges", special + bytes + merges),
    // Byte fallback spells a byte twice: as itself and as a fallback token.
    NamedVocabulary(
      "bytes twice, halves of characters", special + bytes + merges + bytes + [[0xE6, 0x97], [0xA5, 0xE6]]),
    NamedVocabulary("ASCII alone", special + (0x20...0x7E).map { [UInt8($0)] } + merges),
    NamedVocabulary("an empty token, gaps", special + merges + [[], nil, []] + bytes),
  ]
}
