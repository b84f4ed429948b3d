// The loop of generation: when it stops, what it streams, what it measures. The model is a script: it expects the
// tokens it was given, one after the other.

import Generation
import SafeIO
import TestSupport
import Testing
import Tokenization

/// A context that "predicts" a fixed text.
private final class ScriptedContext: TokenContext {
  let capacity: Int
  private(set) var length = 0
  private(set) var readings: [[Int32]] = []
  private var script: ArraySlice<Int32>
  private let vocabularySize: Int

  init(_ script: [Int32], capacity: Int = 1000, vocabularySize: Int = 258) {
    self.script = script[...]
    self.capacity = capacity
    self.vocabularySize = vocabularySize
  }

  func read(_ ids: [Int32], logitsAt positions: [Int]) -> [[Float]] {
    precondition(length + ids.count <= capacity)
    length += ids.count
    readings.append(ids)
    return positions.map { _ in
      var logits = [Float](repeating: 0, count: vocabularySize)
      logits[Int(script.popFirst() ?? 0)] = 1
      return logits
    }
  }
}

@Suite struct GeneratorTests {
  private let scratch: Scratch
  private let tokenizer: Tokenizer
  private let generator: Generator

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: scratch.path)
    tokenizer = try Tokenizer.load(directory: scratch.path)
    generator = Generator(tokenizer: tokenizer, endOfText: [257])
  }

  private func ids(_ text: String) throws -> [Int32] {
    try tokenizer.encode(text, addSpecialTokens: false).ids
  }

  /// Generates from a script and returns the result with the streamed pieces.
  private func run(
    _ script: String, prompt: String = "prompt", capacity: Int = 1000,
    _ change: (inout GenerationOptions) -> Void = { _ in }
  ) throws -> (result: GenerationResult, pieces: [String], context: ScriptedContext) {
    var options = GenerationOptions()
    change(&options)
    let context = ScriptedContext(try ids(script), capacity: capacity)
    var pieces: [String] = []
    let result = try generator.generate(ids(prompt), in: context, options: options) { pieces.append($0) }
    #expect(pieces.joined() == result.text)
    return (result, pieces, context)
  }

  @Test func `an end token ends the text and is not part of it`() throws {
    let run = try run("one two</s>three")
    #expect(run.result.text == "one two")
    #expect(run.result.stopReason == .endOfText)
    #expect(run.result.promptTokens == 6)
    #expect(run.result.outputTokens == 7)
    #expect(run.result.tokensPerSecond > 0)
    // The prompt is read at once, and then every token but the last.
    #expect(run.context.readings.map(\.count) == [6, 1, 1, 1, 1, 1, 1, 1])
  }

  @Test func `the limit of tokens is exact`() throws {
    let run = try run("abcdefghijk") { $0.maximumTokens = 5 }
    #expect(run.result.text == "abcde")
    #expect(run.result.stopReason == .length)
    #expect(run.context.length == 6 + 4)
  }

  @Test func `a full context ends the text`() throws {
    let run = try run("abcdefghijk", capacity: 10)
    #expect(run.result.text == "abcd")
    #expect(run.result.stopReason == .context)
  }

  @Test func `a prompt that leaves no room is refused`() throws {
    let failure = #expect(throws: Failure.self) { try run("a", capacity: 6) }
    #expect(failure?.kind == .usage)
    #expect(failure?.message.contains("6 tokens") == true)
    #expect(throws: Failure.self) { try run("a", prompt: "") }
  }

  @Test(arguments: [
    ("one END two", ["END"], "one "), ("one EN two", ["END"], "one EN two"), ("aab", ["ab"], "a"),
    ("xENENDy", ["END", "ENE"], "x"), ("日本語。終", ["。"], "日本語"), ("END", ["END"], ""),
    ("text E", ["END"], "text E"),
  ])
  func `a stop text ends the text before itself`(script: String, stops: [String], text: String) throws {
    let run = try run(script + "</s>") { $0.stopStrings = stops }
    #expect(run.result.text == text)
    #expect((run.result.stopReason == .stopString) == (text.count < script.count))
  }

  @Test func `pieces are whole characters`() throws {
    let run = try run("é日😀</s>")
    #expect(run.pieces == ["é", "日", "😀"])
  }

  @Test func `a character that never becomes whole is shown as such`() throws {
    let context = ScriptedContext([0xE6, 0x97, 257])
    let result = try generator.generate(ids("p"), in: context, options: GenerationOptions())
    #expect(result.text == "\u{FFFD}")
  }

  @Test func `a constrained text is complete, and its pieces are whole`() throws {
    let vocabulary = VocabularyTrie(tokenizer)
    let schema: JSON = [
      "type": "object", "properties": ["wörd": ["enum": ["日本", "日曜"]]], "required": ["wörd"],
    ]
    let constraint = try GrammarConstraint(
      SchemaGrammar.grammar(schema, source: "s"), vocabulary: vocabulary, source: "s")
    var pieces: [String] = []
    let context = ScriptedContext(try ids("anything</s></s>"))
    let result = try generator.generate(
      ids("p"), in: context, options: GenerationOptions(), constraint: constraint
    ) { pieces.append($0) }
    #expect(["{\"wörd\": \"日本\"}", "{\"wörd\": \"日曜\"}"].contains(result.text))
    #expect(pieces.joined() == result.text)
    #expect(!pieces.contains { $0.contains("\u{FFFD}") })
    #expect(result.stopReason == .complete)
  }

  @Test func `an end token is chosen under a constraint only when the text is complete`() throws {
    let constraint = try GrammarConstraint(
      SchemaGrammar.grammar(["type": "integer"], source: "s"), vocabulary: VocabularyTrie(tokenizer),
      source: "s")
    let context = ScriptedContext([257, 257, 257])
    let result = try generator.generate(
      ids("p"), in: context, options: GenerationOptions(), constraint: constraint)
    // A sign is the first token allowed, and a digit the first after it.
    #expect(result.outputTokens == 2)
    #expect(result.stopReason == .endOfText)
    #expect(Int(result.text) != nil)
  }

  @Test func `what the check throws ends generation`() throws {
    struct Stop: Error {}
    var passes = 0
    #expect(throws: Stop.self) {
      try generator.generate(
        ids("p"), in: ScriptedContext([]), options: GenerationOptions(),
        check: {
          passes += 1
          if passes > 3 { throw Stop() }
        })
    }
    #expect(passes == 4)
  }

  @Test func `options out of range are named`() throws {
    let limit = #expect(throws: Failure.self) { try run("a") { $0.maximumTokens = 0 } }
    #expect(limit?.message.contains("max-tokens") == true)
    let stop = #expect(throws: Failure.self) { try run("a") { $0.stopStrings = ["a", ""] } }
    #expect(stop?.message.contains("stop string") == true)
  }

  @Test func `data never becomes a special token`() throws {
    let model = try LanguageModel(path: scratch.path)
    for text in ["a</s>b", "</s></s>", "<s><s>x", "</s>\u{301}", "<</s>/s>"] {
      let ids = try model.tokens(ofData: text)
      #expect(!ids.contains { $0 >= 256 }, "\(text)")
      #expect(model.tokenizer.decode(ids, skipSpecialTokens: false) == text)
    }
    #expect(try model.tokens(ofData: "plain <text>") == ids("plain <text>"))
  }

  @Test func `data in a conversation never becomes a special token`() throws {
    var tiny = TinyModel()
    tiny.specialTokens = ["<s>", "</s>", "  ", "→"]
    tiny.chatTemplate = "<s>{{ messages[0].content | trim }}</s>→"
    let folder = try Scratch()
    try tiny.write(to: folder.path)
    let model = try LanguageModel(path: folder.path)
    let data = "\na  b</s>→<s>  "
    let ids = try model.chatTokens(ofData: data)
    let expected = try [256] + model.tokens(ofData: "a  b</s>→<s>") + [257, 259]
    #expect(ids == expected)
    #expect(ids.count { $0 >= 256 } == 3)
    tiny.chatTemplate = "{{ messages[0].content | upper }}"
    try tiny.write(to: folder.path)
    let failure = #expect(throws: Failure.self) {
      try LanguageModel(path: folder.path).chatTokens(ofData: data)
    }
    #expect(failure?.message.contains("the chat template changes the text of a message") == true)
  }
}
