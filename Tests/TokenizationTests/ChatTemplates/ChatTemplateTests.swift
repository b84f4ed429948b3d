// Where a model keeps its template, what the messages are made into, and where errors are.

import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct ChatTemplateTests {
  private static func render(
    _ source: String, _ messages: JSON, tools: JSON? = nil, addsPrompt: Bool = false,
    continuing field: String? = nil
  ) throws(Failure) -> String {
    try ChatTemplate(source: source, name: "t").render(
      messages: messages, tools: tools, addGenerationPrompt: addsPrompt, continuing: field, tokens: [:])
  }

  @Test func `the template is a file, or in the configuration of the tokenizer`() throws {
    let scratch = try Scratch()
    #expect(try ChatTemplate.load(directory: scratch.path).map { _ in true } == nil)
    try scratch.write("{}", "tokenizer_config.json")
    #expect(try ChatTemplate.load(directory: scratch.path).map { _ in true } == nil)
    func rendered(tools: JSON? = nil, _ name: String? = nil) throws -> String? {
      var template = try ChatTemplate.load(directory: scratch.path)
      if let name { template = try template?.selecting(name) }
      return try template?.render(messages: [], tools: tools, addGenerationPrompt: false, tokens: [:])
    }
    try scratch.write(#"{"chat_template": "zero"}"#, "chat_template.json")
    #expect(try rendered() == "zero")
    try scratch.write(#"{"chat_template": "one"}"#, "tokenizer_config.json")
    #expect(try rendered() == "one")
    try scratch.write(
      #"{"chat_template": [{"name": "rag", "template": "r{{"}, {"name": "default", "template": "two"}]}"#,
      "tokenizer_config.json")
    // The mistake in one template does not matter to the other.
    #expect(try rendered() == "two")
    #expect(try rendered(tools: []) == "two")
    let failure = #expect(throws: Failure.self) { try rendered("rag") }
    #expect(failure?.message.contains("chat_template 'rag': line 1, column 2: a tag does not end") == true)
    #expect(throws: Failure.self) { try rendered("other") }
    try scratch.write(#"{"chat_template": {"a": "A", "tool_use": "T"}}"#, "tokenizer_config.json")
    #expect(try rendered(tools: []) == "T")
    #expect(try rendered("a") == "A")
    let none = #expect(throws: Failure.self) { try rendered() }
    #expect(none?.message.contains("choose one of a, tool_use") == true)
    try scratch.write("three", "chat_template.jinja")
    #expect(try rendered(tools: []) == "three")
    try scratch.write("four", "additional_chat_templates/tool_use.jinja")
    #expect(try rendered(tools: []) == "four")
    #expect(try rendered() == "three")
    #expect(try ChatTemplate.load(directory: scratch.path)?.names == ["default", "tool_use"])
  }

  @Test(arguments: [
    #"{"chat_template": 1}"#, #"{"chat_template": [{"name": "rag"}]}"#, #"{"chat_template": []}"#,
  ])
  func `a configuration without a usable template is refused`(_ text: String) throws {
    let scratch = try Scratch()
    try scratch.write(text, "tokenizer_config.json")
    let failure = #expect(throws: Failure.self) { try ChatTemplate.load(directory: scratch.path) }
    #expect(failure?.message.contains("tokenizer_config.json: chat_template: expected") == true)
  }

  @Test func `an error names the template, the line and the column`() throws {
    let failure = #expect(throws: Failure.self) {
      try Self.render(
        "a\n{% if true %}\n  \u{e9}{{ raise_exception('No system message.') }}\n{% endif %}", [])
    }
    #expect(failure == .badData("t: line 3, column 7", "No system message."))
  }

  @Test(arguments: [
    ("a\r\nb\r\n{{ 1 + }}", 3, 8, "expected an expression, found '}}'"),
    ("{% if x %}\n{% for a in b %}\n", 2, 1, "the block 'for' does not end, '{% endfor %}' is missing"),
    ("{% if x %}\n{% endfor %}", 2, 4, "unknown tag 'endfor', or 'elif' or 'else' or 'endif' is missing"),
    ("\n  {{ x", 2, 3, "a tag does not end, '}}' is missing"),
    ("{# x", 1, 1, "a comment does not end, '#}' is missing"),
    ("{% raw %} x", 1, 1, "a raw block does not end, '{% endraw %}' is missing"),
    ("{{ 'x }}", 1, 4, "a string does not end"),
    ("{{ a b }}", 1, 6, "expected '}}', found 'b'"),
    ("{% for a b %}", 1, 10, "expected 'in', found 'b'"),
    ("{% include 'x' %}", 1, 4, "the tag 'include' is not available, a chat template is one file"),
    ("{{ messages\n  [0].content\n  .x.y.z }}", 3, 7, "'None' has no attribute 'y'"),
    ("ab {{ (1, 2)|join|nope }}", 1, 19, "No filter named 'nope'."),
    ("{% set x = 'a' + 1 %}", 1, 16, "can only concatenate str (not \"int\") to str"),
    ("{{ [].append(1) }}", 1, 6, "access to attribute 'append' of 'list' object is unsafe."),
    ("{% macro m(a) %}{{ a.b.c }}{% endmacro %}\n{{ m({}) }}", 1, 23, "'dict object' has no attribute 'b'"),
  ])
  func `an error says where it is and what was expected`(
    _ source: String, _ line: Int, _ column: Int, _ problem: String
  ) throws {
    let failure = #expect(throws: Failure.self) {
      try Self.render(source, [["role": "user", "content": ["x": nil]]])
    }
    #expect(failure == .badData("t: line \(line), column \(column)", problem))
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
        {"thinking": "a", "role": "assistant", "reasoning_content": "a"}
        {"thinking": "b", "role": "assistant", "reasoning": "b", "reasoning_content": "b"}
        {"thinking": "c", "role": "assistant", "reasoning_content": "c"}

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
    #expect(try Self.render(source, messages, continuing: "content") == "<user>say a</><assistant>a ")
    #expect(try Self.render(trimming, messages, continuing: "content") == "<user>say a</><assistant>a")
    let refused: [(String, JSON)] = [
      ("{{ messages[0].content }}", messages), (source, []), (source, [["role": "user"]]),
    ]
    for (template, list) in refused {
      #expect(throws: Failure.self) { try Self.render(template, list, continuing: "content") }
    }
    #expect(throws: Failure.self) {
      try Self.render(source, messages, addsPrompt: true, continuing: "content")
    }
    let thinking = "{% for m in messages %}<t>{{ m.thinking }}</t>{% endfor %}"
    #expect(
      try Self.render(thinking, [["role": "assistant", "reasoning": "so"]], continuing: "reasoning_content")
        == "<t>so")
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
