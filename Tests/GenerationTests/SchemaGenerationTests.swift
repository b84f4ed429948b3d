// Whatever a model prefers, text under a schema is JSON that fits it and ends within the budget.

import Generation
import SafeIO
import TestSupport
import Testing

private let schemas: [JSON] = [
  ["type": "boolean"],
  ["type": "null"],
  ["type": ["string", "null"], "maxLength": 5],
  ["type": "string"],
  ["type": "string", "minLength": 3, "maxLength": 3],
  ["type": "integer"],
  ["type": "integer", "minimum": 7, "maximum": 7],
  ["type": "integer", "minimum": -12, "maximum": 105],
  ["type": "integer", "exclusiveMinimum": 998, "exclusiveMaximum": 1001],
  ["type": "integer", "minimum": 0.5, "maximum": 1.5],
  ["type": "integer", "minimum": -3, "maximum": -2],
  ["type": "number"],
  ["type": "number", "minimum": 0, "maximum": 1],
  ["type": "number", "minimum": -0.25, "maximum": -0.125],
  ["type": "number", "minimum": 2.000001, "maximum": 2.000002],
  ["type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.3],
  ["type": "number", "minimum": 99.5, "maximum": 1000],
  ["const": ["a": [1, 2.5, nil], "b": "x\"y\\z\n"]],
  ["enum": ["red", "green", "reddish", 1, 12, 123, nil, [true]]],
  ["type": "integer", "enum": [1, 2.0, "three"]],
  [
    "type": "array", "items": ["type": "integer", "minimum": 0, "maximum": 20], "minItems": 2, "maxItems": 4,
  ],
  ["type": "array", "items": ["type": "array", "items": ["type": "boolean"]]],
  ["type": "array", "maxItems": 0],
  ["type": "object"],
  ["type": "object", "properties": ["a": ["type": "boolean"]], "additionalProperties": false],
  [
    "type": "object", "additionalProperties": false, "required": ["b", "d"],
    "properties": [
      "a": ["type": "integer"], "b": ["type": "string", "maxLength": 4], "c": ["type": "null"],
      "d": ["type": "number", "minimum": 0, "maximum": 1], "e": ["type": "boolean"],
    ],
  ],
  ["anyOf": [["type": "integer"], ["type": "number", "maximum": 2], ["const": "none"]]],
  [
    "oneOf": [
      [
        "type": "object", "required": ["kind", "radius"],
        "properties": ["kind": ["const": "circle"], "radius": ["type": "number", "minimum": 0]],
      ],
      [
        "type": "object", "required": ["kind"],
        "properties": ["kind": ["enum": ["square", "none"]], "side": ["type": "integer", "minimum": 1]],
      ],
      ["type": "null"],
    ]
  ],
  [
    "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Triage", "type": "object",
    "required": ["summary", "findings"],
    "properties": [
      "summary": ["type": "string", "maxLength": 40, "description": "what is wrong"],
      "findings": [
        "type": "array", "maxItems": 3,
        "items": [
          "type": "object", "required": ["file", "naïve \"key\""],
          "properties": [
            "file": ["enum": ["a.py", "src/日.py", "a b\\c"]], "naïve \"key\"": ["type": "number"],
          ],
        ],
      ],
    ],
  ],
]

@Suite struct SchemaGenerationTests {
  @Test(arguments: schemas.indices, NamedVocabulary.all)
  func `every walk gives a value that fits`(index: Int, vocabulary: NamedVocabulary) throws {
    let schema = schemas[index]
    // Text outside ASCII can't be spelled with ASCII tokens alone.
    let isSpellable = vocabulary.name != "ASCII alone" || schema.text().utf8.allSatisfy { $0 < 0x80 }
    guard isSpellable else { return }
    let grammar = try SchemaGrammar.grammar(schema, source: "schema.json")
    for seed in 0..<24 {
      let constraint = try GrammarConstraint(grammar, vocabulary: vocabulary.trie, source: "schema.json")
      let budget = constraint.shortestEnding + seed * seed
      let walk = try Walk(
        constraint, budget: budget, seed: seed, greed: seed % 16, vocabulary: vocabulary.trie)
      let text = try #require(walk.text)
      #expect(constraint.isComplete, "'\(text)' is not finished")
      #expect(walk.tokens <= budget)
      let value = try JSON.parse(text, source: "generated")
      #expect(fits(value, schema), "\(text) does not fit \(schema.text())")
    }
  }

  @Test func `all texts of a small schema can come out`() throws {
    let schema: JSON = [
      "type": "object",
      "properties": ["a": ["type": "integer", "minimum": -1, "maximum": 10], "b": ["enum": [0, 1]]],
    ]
    let vocabulary = NamedVocabulary.all[1].trie
    let grammar = try SchemaGrammar.grammar(schema, source: "s")
    var texts: Set<String> = []
    for seed in 0..<3000 {
      let constraint = try GrammarConstraint(grammar, vocabulary: vocabulary, source: "s")
      texts.insert(
        try #require(Walk(constraint, budget: 100, seed: seed, vocabulary: vocabulary).text))
    }
    // a missing or one of 12 values, b missing or one of two.
    #expect(texts.count == 13 * 3)
  }

  @Test func `the texts of a number are exactly the numbers within its bounds`() throws {
    let vocabulary = NamedVocabulary.all[0].trie
    for (low, high) in [(0, 0), (-3, 3), (8, 12), (95, 130), (-130, -95), (-1, 1), (999, 1001), (-10, 0)] {
      let range = try #require(DecimalRange(minimum: low, maximum: high, places: 1))
      for tenths in -1400...1400 {
        let magnitude = abs(tenths)
        for text in ["\(magnitude / 10)", "\(magnitude / 10).\(magnitude % 10)"] {
          let signed = tenths < 0 ? "-\(text)" : text
          let isExact = text.contains(".") || magnitude % 10 == 0
          guard isExact else { continue }
          let constraint = try GrammarConstraint(.number(range), vocabulary: vocabulary, source: "n")
          #expect(
            accepts(constraint, signed) == (low...high).contains(tenths), "\(signed) in \(low)...\(high)")
        }
      }
    }
  }

  @Test(arguments: ["01", "-0", "+1", "1.", ".5", "1e5", "--1", "-", "1.2.3", "1.1234567", "1234567890.5"])
  func `is not written as a number`(text: String) throws {
    let grammar = try SchemaGrammar.grammar(["type": "number"], source: "s")
    let constraint = try GrammarConstraint(grammar, vocabulary: NamedVocabulary.all[0].trie, source: "s")
    #expect(!accepts(constraint, text))
  }

  @Test(arguments: [
    (#""""#, true), (#""a\"b""#, true), (#""\u00e9\uD7FF\uE000""#, true), ("\"é日😀\"", true),
    (#""\ud800""#, false), (#""\udfff""#, false), (#""\x""#, false), (#""\u12g4""#, false),
    ("\"a\nb\"", false),
    ("\"\u{7f}\"", true), ("\"", false), ("\"a\"b", false), ("a", false),
  ])
  func `a string is what RFC 8259 says`(text: String, isString: Bool) throws {
    let grammar = Grammar.string(minimumLength: 0, maximumLength: 10)
    let constraint = try GrammarConstraint(grammar, vocabulary: NamedVocabulary.all[0].trie, source: "s")
    #expect(accepts(constraint, text) == isString)
  }

  @Test(
    arguments: [
      [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xFF], [0xE2, 0x82], [0xC3, 0x28],
    ] as [[UInt8]])
  func `ill-formed UTF-8 is not text`(bytes: [UInt8]) throws {
    let grammar = Grammar.string(minimumLength: 0, maximumLength: 10)
    let constraint = try GrammarConstraint(grammar, vocabulary: NamedVocabulary.all[0].trie, source: "s")
    #expect(!accepts(constraint, [0x22] + bytes + [0x22]))
  }
}

/// Whether the constraint, which allows every single byte as token `3 + byte`, takes the text and may end there.
private func accepts(_ constraint: GrammarConstraint, _ text: String) -> Bool {
  accepts(constraint, Array(text.utf8))
}

private func accepts(_ constraint: GrammarConstraint, _ bytes: [UInt8]) -> Bool {
  for byte in bytes {
    guard let mask = try? constraint.allowed(remaining: 1000), mask[3 + Int32(byte)] else { return false }
    _ = constraint.advance(3 + Int32(byte))
  }
  return constraint.isComplete
}
