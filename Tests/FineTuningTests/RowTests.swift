// How rows of every kind become documents, which tokens are learned, and what is said about wrong rows.

import FineTuning
import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct RowTests {
  private let tokenizer: Tokenizer
  private let directory = Bundle.module.bundlePath + "/Goldens/base/tiny-qwen2"
  /// The id of `<|im_end|>`.
  private let end: Int32 = 2

  init() throws { tokenizer = try Tokenizer.load(directory: directory) }

  private func reader(
    maskPrompt: Bool = false, template: String?? = nil, limit: Int = 4096, context: Int? = nil
  ) throws -> RowReader {
    let ownTemplate = try ChatTemplate.load(directory: directory)
    let chosen: ChatTemplate?
    switch template {
    case .none: chosen = ownTemplate
    case .some(.none): chosen = nil
    case .some(.some(let source)): chosen = try ChatTemplate(source: source, name: "test")
    }
    let tokenizer = tokenizer
    return RowReader(vocabularySize: 512, limit: limit, context: context) {
      RowEncoder(tokenizer: tokenizer, template: chosen, eosTokenIDs: [2], maskPrompt: maskPrompt)
    }
  }

  private func row(_ reader: RowReader, _ json: JSON) throws -> TrainingRow {
    try #require(try reader.row(json, line: 3, place: "rows.jsonl, line 3"))
  }

  /// The tokens that are learned, as text.
  private func learned(_ row: TrainingRow) -> String {
    tokenizer.decode(row.targets.filter { $0 != TrainingRow.ignored }, skipSpecialTokens: false)
  }

  /// Everything the row holds, as text: the first input and every token that follows, as far as it is learned.
  private func inputs(_ row: TrainingRow) -> String {
    tokenizer.decode(row.inputs, skipSpecialTokens: false)
  }

  // MARK: Text and completions

  @Test func `a text is learned to its end token`() throws {
    let row = try row(reader(), ["text": "many words"])
    let ids = try tokenizer.encode("many words").ids
    #expect(row.inputs == ids)
    #expect(row.targets == ids.dropFirst() + [end])
  }

  @Test func `a text that ends itself gets no second end token`() throws {
    let row = try row(reader(), ["text": "many words<|im_end|>"])
    #expect(row.targets.count { $0 == end } == 1)
  }

  @Test func `without a template the completion follows the prompt`() throws {
    let row = try row(
      reader(maskPrompt: true, template: .some(nil)), ["prompt": "one two", "completion": " three four"])
    #expect(inputs(row) == "one two three four")
    #expect(learned(row) == " three four<|im_end|>")
  }

  @Test func `where the tokenizer would merge prompt and completion they are encoded apart`() throws {
    let row = try row(
      reader(maskPrompt: true, template: .some(nil)), ["prompt": "wh", "completion": "o"])
    let prompt = try tokenizer.encode("wh").ids
    #expect(row.inputs.starts(with: prompt))
    #expect(learned(row) == "o<|im_end|>")
  }

  @Test func `with a template prompt and completion are turns`() throws {
    let row = try row(reader(maskPrompt: true), ["prompt": "who", "completion": "them"])
    #expect(inputs(row).hasPrefix("<|im_start|>user\nwho<|im_end|>\n<|im_start|>assistant\nthem"))
    #expect(learned(row) == "them<|im_end|>\n")
  }

  @Test func `alpaca's rows are prompt and completion`() throws {
    let reader = try reader(maskPrompt: true, template: .some(nil))
    let row = try row(reader, ["instruction": "Add.", "input": "1 2", "output": "3"])
    #expect(inputs(row) == "Add.\n1 23")
    #expect(learned(row) == "3<|im_end|>")
  }

  // MARK: Conversations

  private static let conversation: JSON = [
    ["role": "system", "content": "be short"], ["role": "user", "content": "one"],
    ["role": "assistant", "content": "two"], ["role": "user", "content": "three"],
    ["role": "assistant", "content": "four"],
  ]

  @Test func `without masking the whole conversation is learned`() throws {
    let row = try row(reader(), ["messages": Self.conversation])
    #expect(learned(row).hasPrefix("system\nbe short<|im_end|>\n"))
    #expect(row.trainedTokens == row.inputs.count)
  }

  @Test func `with masking every assistant turn is learned to where the template ends it`() throws {
    let row = try row(reader(maskPrompt: true), ["messages": Self.conversation])
    #expect(learned(row) == "two<|im_end|>\nfour<|im_end|>\n")
  }

  @Test func `a template that writes the last turn differently still shows where each turn ends`() throws {
    // As Qwen3's: the last assistant turn opens with an empty thought, earlier ones do not.
    let template = """
      {%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}\
      {%- if m.role == 'assistant' and loop.last %}{{ '<think></think>' }}{% endif %}\
      {{- m.content + '<|im_end|>\\n' }}{% endfor %}\
      {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
      """
    let row = try row(reader(maskPrompt: true, template: template), ["messages": Self.conversation])
    #expect(learned(row) == "two<|im_end|>\n<think></think>four<|im_end|>\n")
  }

  @Test func `a template that rewrites what came before can't be masked, and says so`() throws {
    let template = "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}"
    let failure = #expect(throws: Failure.self) {
      try row(reader(maskPrompt: true, template: template), ["messages": Self.conversation])
    }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix("rows.jsonl, line 3: message 3: ") ?? false)
  }

  @Test func `ShareGPT conversations with tools are messages`() throws {
    let template = """
      {%- for m in messages %}{{ m.role + ':' }}{% if m.tool_calls %}\
      {{- m.tool_calls[0].function.name }}{% else %}{{ m.content }}{% endif %};{% endfor %}\
      {%- if tools %}{{ tools[0].name }}{% endif %}
      """
    let row = try row(
      reader(template: template),
      [
        "conversations": [
          ["from": "human", "value": "who"],
          ["from": "function_call", "value": "{\"name\": \"find\", \"arguments\": {}}"],
          ["from": "observation", "value": "them"], ["from": "gpt", "value": "they"],
        ], "tools": "[{\"name\": \"find\"}]",
      ])
    #expect(inputs(row).hasPrefix("user:who;assistant:find;tool:them;assistant:they;f"))
  }

  @Test func `a conversation without a template is refused`() throws {
    let failure = #expect(throws: Failure.self) {
      try row(reader(template: .some(nil)), ["messages": Self.conversation])
    }
    #expect(failure?.message.contains("needs a chat template, and the model has none") ?? false)
  }

  @Test func `a text has no prompt to mask`() throws {
    let failure = #expect(throws: Failure.self) { try row(reader(maskPrompt: true), ["text": "a"]) }
    #expect(failure?.kind == .usage)
  }

  @Test func `a row whose assistant turns are cut away is skipped`() throws {
    let reader = try reader(maskPrompt: true, limit: 8)
    #expect(try reader.row(["messages": Self.conversation], line: 3, place: "line 3") == nil)
    #expect(reader.skippedLines == [3])
    #expect(reader.cutRows == 0)
  }

  // MARK: Tokens

  @Test func `token rows are taken as they are`() throws {
    let row = try row(reader(), ["input_ids": [5, 6, 7], "labels": [-100, 9, -100]])
    #expect(row.inputs == [5])
    #expect(row.targets == [9])
    #expect(row.line == 3)
  }

  @Test func `labels may be left out, and padding is known by its mask`() throws {
    let row = try row(reader(), ["input_ids": [5, 6, 7, 0, 0], "attention_mask": [1, 1, 1, 0, 0]])
    #expect(row.inputs == [5, 6] && row.targets == [6, 7])
  }

  @Test func `weights go with the labels`() throws {
    let row = try row(reader(), ["input_ids": [5, 6, 7], "loss_weights": [0, 4, 0.25]])
    #expect(row.weights == [4, 0.25] && row.weightSum == 4.25)
  }

  private static let wrong: [(JSON, String)] = [
    (["input_ids": [1, -1]], "key 'input_ids': entry 1 is -1, expected an integer in 0…511"),
    (
      ["input_ids": [1, 2], "labels": [1, -7]],
      "key 'labels': entry 1 is -7, expected an integer in 0…511 or -100"
    ),
    (["input_ids": [1, "2"]], "key 'input_ids': entry 1 is \"2\", expected an integer in 0…511"),
    (["input_ids": [1, 2], "loss_weights": [1]], "key 'loss_weights': expected 2 numbers"),
    (["input_ids": [1, 2], "loss_weights": [1, -1]], "key 'loss_weights': expected 2 numbers"),
    (["input_ids": [1, 2], "attention_mask": [0, 1]], "key 'attention_mask': a 1 follows a 0"),
    (["prompt": "a"], "key 'completion': is missing"),
    (["conversations": [["from": "robot", "value": "a"]]], "'robot' is not one of human, gpt"),
    ([:], "found no keys"),
    (5, "expected an object with keys, found an integer"),
  ]

  @Test(arguments: wrong)
  func `a wrong row is named with its place`(json: JSON, sentence: String) throws {
    let failure = #expect(throws: Failure.self) { try row(reader(), json) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix("rows.jsonl, line 3") ?? false)
    #expect(failure?.message.contains(sentence) ?? false, "\(failure?.message ?? "")")
  }

  @Test(
    arguments: [
      ["conversations": [["from": "human", "value": "who"]]],
      ["messages": [["role": "user", "content": "who"]]],
      ["prompt": "who"], ["instruction": "who"], [:],
    ] as [JSONObject])
  func `preferences are refused whatever their prompt looks like`(prompt: JSONObject) throws {
    var preference = prompt
    preference["chosen"] = "them"
    preference["rejected"] = "they"
    let failure = #expect(throws: Failure.self) { try row(reader(), .object(preference)) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("preference rows (chosen, rejected) can't be trained on yet") ?? false)
  }

  // MARK: Files

  @Test func `blank lines are skipped and the numbers stay those of the file`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("\n{\"input_ids\":[1,2]}\n  \n{\"input_ids\":[3,4]}", "rows.jsonl")
    let data = try Dataset(path: path, reader: reader())
    #expect(data.rows.map(\.line) == [2, 4])
    #expect(data.tokens == 2 && data.trainedTokens == 2)
  }

  @Test func `a JSON array is a file of rows too`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("[{\"input_ids\":[1,2]}, {\"input_ids\":[3]}]", "rows.json")
    let failure = #expect(throws: Failure.self) { try Dataset(path: path, reader: reader()) }
    #expect(failure?.message.contains("rows.json, item 2: nothing to learn") ?? false)
  }

  @Test func `rows that were cut are counted`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("{\"input_ids\":[1,2,3]}\n{\"input_ids\":[1,2]}\n", "rows.jsonl")
    #expect(try Dataset(path: path, reader: reader(limit: 2)).cutRows == 1)
  }

  @Test func `rows that cutting leaves nothing to learn are left out, unless that is all of them`() throws {
    let scratch = try Scratch()
    let late = "{\"input_ids\":[1,2,3],\"labels\":[-100,-100,3]}\n"
    let path = try scratch.write("\(late){\"input_ids\":[1,2,3]}\n\n\(late)", "rows.jsonl")
    let data = try Dataset(path: path, reader: reader(limit: 2))
    #expect(data.rows.map(\.line) == [2])
    #expect(data.skippedLines == [1, 4])
    #expect(data.cutRows == 1)
    let none = try scratch.write(late, "none.jsonl")
    let failure = #expect(throws: Failure.self) { try Dataset(path: none, reader: reader(limit: 2)) }
    #expect(failure?.kind == .badData)
    #expect(
      failure?.message.hasSuffix(
        "none.jsonl: no row has anything left to learn when cut to 2 tokens; raise --max-seq-length") ?? false
    )
  }

  @Test(arguments: ["{\"input_ids\":[1,2]}\n{\"input_ids\":[3,4]}\n", "[{\"input_ids\":[1,2]}]"])
  func `a byte order mark before the first row is passed over`(rows: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write([0xEF, 0xBB, 0xBF] + [UInt8](rows.utf8), "rows.jsonl")
    #expect(try Dataset(path: path, reader: reader()).rows.map(\.line).first == 1)
  }

  @Test func `a folder needs a train.jsonl`() throws {
    let scratch = try Scratch()
    try scratch.write("", "valid.jsonl")
    let failure = #expect(throws: Failure.self) { try TrainingData.files(at: scratch.path) }
    #expect(failure?.kind == .notFound)
    try scratch.write("", "train.jsonl")
    #expect(try TrainingData.files(at: scratch.path).map(\.role) == ["train", "valid"])
  }
}
