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
    return try template.render(
      messages: golden["messages"] ?? .null, tools: golden["tools"].flatMap { $0.isNull ? nil : $0 },
      addGenerationPrompt: addsPrompt, continueFinalMessage: continues, variables: variables,
      bosToken: golden["bos_token"]?.stringValue, eosToken: golden["eos_token"]?.stringValue,
      now: WallClock(year: now[0], month: now[1], day: now[2], hour: now[3], minute: now[4], second: now[5]))
  }

  @Test func `the language is that of Jinja2`() throws {
    let cases = try Self.lines(bundled("chat/language.jsonl"))
    #expect(cases.count > 80)
    for golden in cases {
      let source = try #require(golden["source"]?.stringValue)
      let result: String
      do {
        result = try TemplateSample.render(source)
      } catch {
        result = error.message
      }
      if let expected = golden["expected"]?.stringValue {
        #expect(Array(result.utf8) == Array(expected.utf8), Comment(rawValue: source))
      } else {
        let error = try #require(golden["error"]?.stringValue)
        #expect(result.hasPrefix("sample: line 1: "), Comment(rawValue: source))
        #expect(result.hasSuffix(error), Comment(rawValue: source))
      }
    }
  }

  @Test(.enabled(if: Shared.has("real/chat_templates"), "needs the templates of published models"))
  func `the templates of published models render a conversation`() throws {
    let folder = Shared.file("real/chat_templates")
    let names = try Files.list(folder).filter { $0.hasSuffix(".jinja") }
    #expect(names.count >= 15)
    for name in names {
      let template = try ChatTemplate(source: Files.readText(path: "\(folder)/\(name)"), name: name)
      func render(_ messages: JSON) throws -> String {
        try template.render(
          messages: messages, tools: [], addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>",
          now: WallClock(year: 2025, month: 3, day: 4))
      }
      let text: String
      do {
        text = try render(TemplateSample.conversation)
      } catch let failure as Failure where failure.message.hasSuffix("System role not supported") {
        text = try render(.array(Array(TemplateSample.conversation.arrayValue?.dropFirst() ?? [])))
      }
      // Templates of thinking models cut what was thought, some refuse a system message: all say the question.
      #expect(text.contains("What is the capital of Peru?"), Comment(rawValue: name))
      #expect(text.contains("And of Chile?"), Comment(rawValue: name))
    }
  }
}
