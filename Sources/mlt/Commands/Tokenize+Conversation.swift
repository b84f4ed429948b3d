// A conversation as a file for `--chat` describes it, and the options that say how a template writes it.

import ArgumentParser
import SafeIO
import Tokenization

/// Which chat template is taken, and what it gets beside the conversation.
struct ChatTemplateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Chat template: a Jinja file, or the name of one of the model's.", valueName: "file|name"))
  var chatTemplate: String?

  @Option(
    name: [.customLong("chat-template-args"), .customLong("chat-template-config")],
    help: ArgumentHelp(
      "Variables of the chat template, such as {\"enable_thinking\": false}.", valueName: "json"))
  var chatTemplateArguments: String?

  /// The template to use; nil when there is none.
  /// - Parameter own: the templates of the model.
  func template(_ own: ChatTemplate?) throws -> ChatTemplate? {
    guard let chatTemplate else { return own }
    if let own, own.names.contains(chatTemplate) { return try own.selecting(chatTemplate) }
    guard Files.exists(chatTemplate) else {
      let names = own?.names.joined(separator: ", ")
      throw Failure.usage(
        "--chat-template '\(chatTemplate)' is no file, and the model has "
          + (names.map { "the templates \($0)" } ?? "no templates"))
    }
    return try ChatTemplate(source: Files.readText(path: chatTemplate, limit: 1 << 20), name: chatTemplate)
  }

  func variables() throws -> [String: JSON] {
    guard let chatTemplateArguments else { return [:] }
    let json = try JSON.parse(chatTemplateArguments, source: "--chat-template-args")
    guard case .object(let object) = json else {
      throw Failure.usage("--chat-template-args must be a JSON object, such as {\"enable_thinking\": false}")
    }
    return Dictionary(object.map { ($0, $1) }) { _, last in last }
  }
}

/// A conversation, and what else its rendering depends on.
struct Conversation {
  private let messages: JSON
  private let tools: JSON?
  private let addsGenerationPrompt: Bool
  /// The field of the last message that the text ends with.
  private let continuedField: String?
  private let now: WallClock?
  private var variables: [String: JSON] = [:]

  /// Reads what a file for `--chat` holds.
  /// - Parameters:
  ///   - isPrompt: whether an answer is to follow, unless the file says otherwise.
  ///   - variables: what the template can read beside the file's own variables, and before them.
  init(_ json: JSON, source: String, isPrompt: Bool = false, variables: [String: JSON] = [:]) throws {
    let fields = try Fields(json, source: source)
    let all = try fields.array("messages")
    if all.isEmpty { throw fields.complaint("messages", "the conversation is empty") }
    messages = .array(all)
    tools = fields.has("tools") ? fields.object["tools"] : nil
    let field = fields.object["continue_final_message"]?.stringValue
    let continues = field == nil ? try fields.bool("continue_final_message", default: false) : true
    continuedField = field ?? (continues ? "content" : nil)
    addsGenerationPrompt = try fields.bool(
      "add_generation_prompt", default: isPrompt && continuedField == nil)
    now = try fields.optionalString("now").map { text in
      guard let clock = WallClock(text) else {
        throw fields.complaint(
          "now", "expected a time such as 2025-03-04T05:06:07, found '\(text.prefix(40))'")
      }
      return clock
    }
    let own = ["messages", "tools", "add_generation_prompt", "continue_final_message", "now"]
    for (key, value) in fields.object where !own.contains(key) { self.variables[key] = value }
    self.variables.merge(variables) { _, given in given }
  }

  func render(_ template: ChatTemplate, _ tokenizer: Tokenizer) throws -> String {
    try template.render(
      messages: messages, tools: tools, addGenerationPrompt: addsGenerationPrompt,
      continuing: continuedField, variables: variables, tokens: tokenizer.namedTokens, now: now)
  }
}
