// What a schema can't have, and what it says about it.

import Generation
import SafeIO
import Testing

@Suite struct SchemaRefusalTests {
  @Test(
    arguments: [
      (#"{"type": "string", "pattern": "a+"}"#, "#: keyword 'pattern' is not supported"),
      (
        ##"{"type": "object", "properties": {"a": {"$ref": "#"}}}"##,
        "#/properties/a: keyword '$ref' is not supported"
      ),
      (#"{"type": "string", "format": "date"}"#, "'format'"),
      (#"{"type": "integer", "multipleOf": 2}"#, "'multipleOf'"),
      (#"{"allOf": []}"#, "'allOf'"),
      (#"{"type": "array"}"#, "#: an array needs 'items'"),
      (#"{}"#, "#: says nothing of the value"),
      (#"true"#, "#: expected an object with keys, found a boolean"),
      (
        #"{"type": "text"}"#,
        "#: type 'text' is not one of array, boolean, integer, null, number, object, string"
      ),
      (#"{"type": 3}"#, "key 'type'"),
      (#"{"type": []}"#, "lists no type"),
      (#"{"enum": []}"#, "no value is allowed"),
      (#"{"type": "string", "enum": [1, 2]}"#, "no value is allowed"),
      (#"{"anyOf": []}"#, "lists no schema"),
      (#"{"type": "string", "maxItems": 3}"#, "keyword 'maxItems'"),
      (#"{"type": "string", "minLength": 5, "maxLength": 2}"#, "no value has such a length"),
      (#"{"type": "integer", "minimum": 5, "maximum": 2}"#, "no integer"),
      (#"{"type": "integer", "minimum": 1e30}"#, "no integer"),
      (#"{"type": "number", "minimum": 0.00000001, "maximum": 0.00000002}"#, "no number"),
      (#"{"type": "object", "required": ["x"]}"#, "names 'x', which is not in 'properties'"),
      (#"{"type": "object", "additionalProperties": {"type": "null"}}"#, "additionalProperties"),
      (#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#, "'oneOf' may overlap"),
      (#"{"type": "string", "anyOf": [{"type": "string"}]}"#, "can't be combined"),
      (#"{"enum": [1], "maxLength": 3}"#, "can't be combined"),
    ] as [(String, String)])
  func `a schema that can't be promised is refused by name`(schema: String, message: String) throws {
    let json = try JSON.parse(schema, source: "s.json")
    let failure = #expect(throws: Failure.self) { try SchemaGrammar.grammar(json, source: "s.json") }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    #expect(failure?.message.hasPrefix("s.json: ") == true)
  }

  private func compile(_ schema: JSON) throws {
    _ = try GrammarConstraint(
      SchemaGrammar.grammar(schema, source: "s.json"), vocabulary: NamedVocabulary.all[0].trie,
      source: "s.json")
  }

  @Test func `hostile schemas are refused quickly`() throws {
    var deep: JSON = ["type": "null"]
    for _ in 0..<60 { deep = ["type": "array", "items": deep] }
    #expect(throws: Failure.self) { try compile(deep) }

    var wide: JSON = ["type": "null"]
    for _ in 0..<12 { wide = ["anyOf": [wide, wide, wide]] }
    let ways = #expect(throws: Failure.self) { try compile(wide) }
    #expect(ways?.message.contains("more than") == true)

    var long: JSON = ["type": "null"]
    for _ in 0..<8 { long = ["type": "array", "items": long, "minItems": 1_000_000_000] }
    let length = #expect(throws: Failure.self) { try compile(long) }
    #expect(length?.message.contains("shortest text") == true)

    let big: JSON = ["type": "string", "minLength": .integer(.max)]
    #expect(throws: Failure.self) { try compile(big) }
    // Large upper bounds cost nothing.
    try compile([
      "type": "array", "items": ["type": "string", "maxLength": .integer(.max)], "maxItems": .integer(.max),
    ])
  }

  @Test func `text that the vocabulary can't spell is refused`() throws {
    let vocabulary = VocabularyTrie([Array("ab".utf8), [0x61], [0x22]])
    let failure = #expect(throws: Failure.self) {
      try GrammarConstraint(.json(["abc"]), vocabulary: vocabulary, source: "s.json")
    }
    #expect(failure?.message.contains("no tokens") == true)
    // One choice that can be spelled is enough, and only that one is offered.
    let constraint = try GrammarConstraint(.json(["abc", "aa"]), vocabulary: vocabulary, source: "s.json")
    #expect(try constraint.allowed(remaining: 9).ids == [2])
  }

  @Test func `too few tokens for the form is said before anything is generated`() throws {
    let constraint = try GrammarConstraint(
      .json(["abcdef"]), vocabulary: NamedVocabulary.all[0].trie, source: "s")
    let failure = #expect(throws: Failure.self) { try constraint.allowed(remaining: 7) }
    #expect(failure?.kind == .usage)
    _ = try constraint.allowed(remaining: 8)
  }

  @Test func `a long text does not grow the tables without bound`() throws {
    let vocabulary = NamedVocabulary.all[0]
    let grammar = Grammar.string(minimumLength: 3000, maximumLength: 4000)
    let constraint = try GrammarConstraint(grammar, vocabulary: vocabulary.trie, source: "s")
    let walk = try Walk(constraint, budget: 12_000, seed: 1, vocabulary: vocabulary.trie)
    let text = try #require(walk.text)
    let value = try #require(JSON.parse(text, source: "generated").stringValue)
    #expect((3000...4000).contains(value.unicodeScalars.count))
  }
}
