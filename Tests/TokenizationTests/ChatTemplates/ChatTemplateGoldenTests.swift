// Templates in the manner of common models, with what transformers renders.

import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct ChatTemplateGoldenTests {
  private static func lines(_ path: String) throws -> [JSON] {
    try Files.readText(path: path).split(separator: "\n").map { try JSON.parse(String($0), source: path) }
  }

  @Test(arguments: ["chatml", "gemma", "llama3_tools", "macros", "mistral_inst", "qwen_think"])
  func `every conversation renders as in transformers`(_ name: String) throws {
    let template = try ChatTemplate(
      source: Files.readText(path: bundled("chat/\(name).jinja")), name: "\(name).jinja")
    let cases = try Self.lines(bundled("chat/cases.jsonl")).filter { $0["template"]?.stringValue == name }
    #expect(cases.count == 15)
    for golden in cases {
      let label = Comment(rawValue: "\(name) \(golden["case"]?.stringValue ?? "")")
      if let expected = golden["expected"]?.stringValue {
        let rendered = try Self.render(template, golden)
        #expect(Array(rendered.utf8) == Array(expected.utf8), label)
      } else {
        let failure = #expect(throws: Failure.self, label) { try Self.render(template, golden) }
        // The kind of Python's exception stands before the colon.
        let error = try #require(golden["error"]?.stringValue)
        let message = error.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? error
        #expect(failure?.message.hasPrefix("\(name).jinja: line ") == true, label)
        #expect(failure?.message.hasSuffix(": \(message)") == true, label)
      }
    }
  }

  private static func render(_ template: ChatTemplate, _ golden: JSON) throws -> String {
    let now = (golden["now"]?.stringValue ?? "").split { "-T:".contains($0) }.compactMap { Int($0) }
    var variables: [String: JSON] = [:]
    for (key, value) in golden["kwargs"]?.objectValue ?? JSONObject() { variables[key] = value }
    let addsPrompt = variables.removeValue(forKey: "add_generation_prompt")?.boolValue ?? false
    let continues = variables.removeValue(forKey: "continue_final_message")?.boolValue ?? false
    var tokens: [String: String] = [:]
    for name in ["bos_token", "eos_token"] { tokens[name] = golden[name]?.stringValue }
    return try template.render(
      messages: golden["messages"] ?? .null, tools: golden["tools"].flatMap { $0.isNull ? nil : $0 },
      addGenerationPrompt: addsPrompt, continuing: continues ? "content" : nil, variables: variables,
      tokens: tokens,
      now: WallClock(year: now[0], month: now[1], day: now[2], hour: now[3], minute: now[4], second: now[5]))
  }

  @Test func `the language is that of Jinja2`() throws {
    let cases = try Self.lines(bundled("chat/language.jsonl"))
    #expect(cases.count > 300)
    for golden in cases {
      let source = try #require(golden["source"]?.stringValue)
      let result: String
      do {
        result = try TemplateSample.render(source)
      } catch {
        result = error.message
      }
      if let expected = golden["expected"]?.stringValue {
        #expect(result.isExactly(expected), Comment(rawValue: source))
      } else {
        let error = try #require(golden["error"]?.stringValue)
        #expect(result.hasPrefix("sample: line 1, column "), Comment(rawValue: source))
        #expect(result.hasSuffix(": \(error)"), Comment(rawValue: source))
      }
    }
  }

  @Test func `conversations of all kinds render as in transformers`() throws {
    let conversations = try Self.lines(bundled("chat/conversations.jsonl"))
    #expect(conversations.count > 140)
    for golden in try Self.lines(bundled("chat/matrix.jsonl")) {
      let name = try #require(golden["template"]?.stringValue)
      guard let template = try Self.template(name) else { continue }
      let digests = try #require(golden["digests"]?.arrayValue)
      #expect(digests.count == conversations.count)
      for (index, conversation) in conversations.enumerated() {
        let result = try Self.outcome(template, conversation)
        // Where transformers stumbles, so does mlt, each with its words.
        let digest = digests[index].stringValue
        #expect(
          digest == nil ? !result.isText : Self.digest(result.text) == digest,
          "\(name), line \(index + 1) of conversations.jsonl: \(result.text)")
      }
    }
  }

  /// A template beside the tests, or a published one; nil when that is not there.
  private static func template(_ name: String) throws -> ChatTemplate? {
    guard name.hasPrefix("real/") else {
      return try ChatTemplate(source: Files.readText(path: bundled("chat/\(name)")), name: name)
    }
    guard Shared.has("real/chat_templates") else { return nil }
    let parts = name.split(separator: "#").map(String.init)
    let path = Shared.file(parts[0])
    guard parts.count > 1 else { return try ChatTemplate(source: Files.readText(path: path), name: name) }
    let entry = try JSON.read(path: path)["chat_template"]
    let named = entry?.arrayValue?.first { $0["name"]?.stringValue == parts[1] }
    let source = try #require(named?["template"]?.stringValue ?? entry?.stringValue)
    return try ChatTemplate(source: source, name: name)
  }

  /// The text, or what the template says is wrong.
  private static func outcome(
    _ template: ChatTemplate, _ conversation: JSON
  ) throws(Failure) -> (text: String, isText: Bool) {
    var variables = Dictionary(uniqueKeysWithValues: (conversation.objectValue ?? [:]).map { ($0, $1) })
    let messages = variables.removeValue(forKey: "messages") ?? []
    let tools = variables.removeValue(forKey: "tools")
    let addsPrompt = variables.removeValue(forKey: "add_generation_prompt")?.boolValue ?? false
    let continued = variables.removeValue(forKey: "continue_final_message")
    do {
      let text = try template.render(
        messages: messages, tools: tools, addGenerationPrompt: addsPrompt,
        continuing: continued.map { $0.stringValue ?? "content" }, variables: variables,
        tokens: ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"],
        now: WallClock(year: 2025, month: 3, day: 4, hour: 5, minute: 6, second: 7))
      return (text, true)
    } catch {
      // The name, the place, and the message, which may have colons itself.
      return (error.message.split(separator: ": ", maxSplits: 2).last.map(String.init) ?? "", false)
    }
  }

  /// FNV-1a, 64 bits.
  private static func digest(_ text: String) -> String {
    let value = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
