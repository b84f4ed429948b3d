// Where a model keeps its template, what the messages are made into, and where errors are.

import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct ChatTemplateTests {
  private static func render(
    _ source: String, _ messages: JSON, tools: JSON? = nil, addsPrompt: Bool = false, continues: Bool = false
  ) throws(Failure) -> String {
    try ChatTemplate(source: source, name: "t").render(
      messages: messages, tools: tools, addGenerationPrompt: addsPrompt, continueFinalMessage: continues,
      bosToken: nil, eosToken: nil)
  }

  @Test func `the template is a file, or in the configuration of the tokenizer`() throws {
    let scratch = try Scratch()
    #expect(try ChatTemplate.load(directory: scratch.path).map { _ in true } == nil)
    try scratch.write("{}", "tokenizer_config.json")
    #expect(try ChatTemplate.load(directory: scratch.path).map { _ in true } == nil)
    func rendered() throws -> String? {
      try ChatTemplate.load(directory: scratch.path)?.render(
        messages: [], tools: nil, addGenerationPrompt: false, bosToken: nil, eosToken: nil)
    }
    try scratch.write(#"{"chat_template": "one"}"#, "tokenizer_config.json")
    #expect(try rendered() == "one")
    try scratch.write(
      #"{"chat_template": [{"name": "rag", "template": "r"}, {"name": "default", "template": "two"}]}"#,
      "tokenizer_config.json")
    #expect(try rendered() == "two")
    try scratch.write("three", "chat_template.jinja")
    #expect(try rendered() == "three")
  }

  @Test(arguments: [#"{"chat_template": 1}"#, #"{"chat_template": [{"name": "rag", "template": "r"}]}"#])
  func `a configuration without a usable template is refused`(_ text: String) throws {
    let scratch = try Scratch()
    try scratch.write(text, "tokenizer_config.json")
    let failure = #expect(throws: Failure.self) { try ChatTemplate.load(directory: scratch.path) }
    #expect(failure?.message.contains("tokenizer_config.json: chat_template: expected") == true)
  }

  @Test func `an error names the template and the line`() throws {
    let failure = #expect(throws: Failure.self) {
      try Self.render("a\n{% if true %}\n  {{ raise_exception('No system message.') }}\n{% endif %}", [])
    }
    #expect(failure == .badData("t: line 3", "No system message."))
    let parsing = #expect(throws: Failure.self) { try ChatTemplate(source: "a\r\nb\r\n{{ 1 + }}", name: "t") }
    #expect(parsing == .badData("t: line 3", "expected an expression, found '}}'"))
  }

  @Test func `null keys are dropped and reasoning goes by all its names`() throws {
    let source = "{% for m in messages %}{{ m|tojson }}\n{% endfor %}"
    let messages: JSON = [
      ["role": "assistant", "content": nil, "thinking": "a"],
      ["role": "assistant", "reasoning": "b"],
      ["role": "assistant", "reasoning_content": "c"],
    ]
    #expect(
      try Self.render(source, messages) == """
        {"role": "assistant", "thinking": "a", "reasoning_content": "a"}
        {"role": "assistant", "reasoning": "b", "reasoning_content": "b", "thinking": "b"}
        {"role": "assistant", "reasoning_content": "c", "thinking": "c"}

        """)
  }

  @Test func `absent tools and documents are None, absent tokens are undefined`() throws {
    let source = "{{ tools }} {{ documents }} {{ bos_token is defined }} {{ add_generation_prompt }}"
    #expect(try Self.render(source, [], addsPrompt: true) == "None None False True")
    #expect(try Self.render("{{ tools[0].name }}", [], tools: [["name": "f"]]) == "f")
  }

  @Test func `the final message can be continued`() throws {
    let source = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"
    let trimming = "{% for m in messages %}<{{ m.role }}>{{ m.content|trim }}</>{% endfor %}"
    let messages: JSON = [
      ["role": "user", "content": "say a"], ["role": "assistant", "content": "a "],
    ]
    #expect(try Self.render(source, messages, continues: true) == "<user>say a</><assistant>a ")
    #expect(try Self.render(trimming, messages, continues: true) == "<user>say a</><assistant>a")
    let refused: [(String, JSON)] = [
      ("{{ messages[0].content }}", messages), (source, []), (source, [["role": "user"]]),
    ]
    for (template, list) in refused {
      #expect(throws: Failure.self) { try Self.render(template, list, continues: true) }
    }
    #expect(throws: Failure.self) { try Self.render(source, messages, addsPrompt: true, continues: true) }
  }

  @Test(arguments: [JSON.null, "a", ["a"], [1]])
  func `what is no list of messages is refused`(_ messages: JSON) {
    #expect(throws: Failure.self) { try Self.render("", messages) }
  }

  @Test func `text is compared and counted by code points`() throws {
    let messages: JSON = [["role": "user", "content": "e\u{301}\r\n\u{1f469}\u{200d}\u{1f4bb}"]]
    let source =
      "{{ messages[0].content|length }} {{ messages[0].content == '\u{e9}\\r\\n\u{1f469}\u{200d}\u{1f4bb}' }} "
      + "{{ messages[0].content[:1] }} {{ messages[0].content.split('\\n')|length }}"
    #expect(try Self.render(source, messages) == "7 False e 2")
  }
}
