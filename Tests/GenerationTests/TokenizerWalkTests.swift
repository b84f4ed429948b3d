// Grammars over real vocabularies: the bytes that a tokenizer claims for its tokens are what decoding gives, so
// the text that a grammar accepted is the text that a user sees.

import Generation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite(.enabled(if: Shared.has("goldens/tokenizers"), "needs the shared goldens"))
struct TokenizerWalkTests {
  private static let schema: JSON = [
    "type": "object", "required": ["text", "tags", "score"], "additionalProperties": false,
    "properties": [
      "text": ["type": "string", "maxLength": 60], "né": ["type": ["null", "boolean"]],
      "tags": [
        "type": "array", "maxItems": 4, "items": ["enum": ["alpha", "beta gamma", "日本", "a\"b\\c\n", "😀"]],
      ],
      "score": ["type": "number", "minimum": 0, "maximum": 1],
    ],
  ]

  @Test(arguments: ["gpt2", "llama3", "qwen2", "llama2_legacy", "mistral_metaspace", "gemma"])
  func `walks fit the schema, and decode to the same text`(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Shared.file("goldens/tokenizers/\(name)"))
    let vocabulary = VocabularyTrie(tokenizer)
    let grammar = try SchemaGrammar.grammar(Self.schema, source: "schema.json")
    for seed in 0..<40 {
      let constraint = try GrammarConstraint(grammar, vocabulary: vocabulary, source: "schema.json")
      let walk = try Walk(
        constraint, budget: constraint.shortestEnding + 3 * seed, seed: seed, greed: seed % 16,
        vocabulary: vocabulary)
      let text = try #require(walk.text)
      let value = try JSON.parse(text, source: "generated")
      #expect(fits(value, Self.schema), "\(text)")
      #expect(tokenizer.decode(walk.ids, skipSpecialTokens: true) == text)
    }
  }
}
