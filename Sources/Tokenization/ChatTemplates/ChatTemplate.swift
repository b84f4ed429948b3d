// A model's chat template: the Jinja program that turns a conversation into the text the model was trained on.

import SafeIO

/// A parsed chat template.
package struct ChatTemplate: Sendable {
  private let name: String
  private let statements: [TemplateStatement]

  /// The template of a model folder: chat_template.jinja, else `chat_template` of tokenizer_config.json (one template,
  /// or several by name, of which "default" is taken).
  /// - Returns: nil when there is neither.
  package static func load(directory: String) throws(Failure) -> ChatTemplate? {
    let path = "\(directory)/chat_template.jinja"
    if Files.exists(path) {
      return try ChatTemplate(source: Files.readText(path: path, limit: 4 << 20), name: path)
    }
    let configuration = "\(directory)/tokenizer_config.json"
    guard Files.exists(configuration) else { return nil }
    guard let entry = try JSON.read(path: configuration)["chat_template"], !entry.isNull else { return nil }
    let place = "\(configuration): chat_template"
    if let source = entry.stringValue { return try ChatTemplate(source: source, name: place) }
    let named = entry.arrayValue?.first { $0["name"]?.stringValue == "default" }
    guard let source = named?["template"]?.stringValue else {
      throw .badData(place, "expected a template or a list with one named \"default\"")
    }
    return try ChatTemplate(source: source, name: place)
  }

  /// Parses a template.
  /// - Parameter name: the name used in errors, normally the file.
  /// - Throws: `Failure.badData` with the line.
  package init(source: String, name: String) throws(Failure) {
    self.name = name
    statements = try TemplateParser.parse(source, name: name)
  }

  /// The conversation as text.
  /// - Parameters:
  ///   - messages: a list of objects with a role and a content.
  ///   - tools: the functions that the model may call; None for the template when nil.
  ///   - addGenerationPrompt: whether the text ends where the assistant's answer begins.
  ///   - continueFinalMessage: whether the text ends right behind that of the last message.
  ///   - variables: what else the template can read, such as `enable_thinking`.
  ///   - now: what `strftime_now` prints; the time of the machine when nil.
  /// - Throws: `Failure.badData` with the line, for what the template raises as for all it can't do.
  package func render(
    messages: JSON, tools: JSON?, addGenerationPrompt: Bool, continueFinalMessage: Bool = false,
    variables: [String: JSON] = [:], bosToken: String?, eosToken: String?, now: WallClock? = nil
  ) throws(Failure) -> String {
    guard !(addGenerationPrompt && continueFinalMessage) else {
      throw .usage("the final message can't be continued and followed by a generation prompt at once")
    }
    let conversation = try Conversation(messages, marksEnd: continueFinalMessage)
    let evaluator = TemplateEvaluator(name: name, now: now)
    let scope = TemplateScope(in: nil)
    scope["messages"] = try evaluator.value(conversation.messages)
    scope["tools"] =
      try tools.map { tools throws(Failure) in try evaluator.value(tools) } ?? TemplateValue.none
    scope["documents"] = TemplateValue.none
    scope["add_generation_prompt"] = .bool(addGenerationPrompt)
    if let bosToken { scope["bos_token"] = .string(bosToken) }
    if let eosToken { scope["eos_token"] = .string(eosToken) }
    for name in variables.keys.sorted() {
      guard let value = variables[name] else { continue }
      scope[name] = try evaluator.value(value)
    }
    var text = ""
    _ = try evaluator.run(statements, in: scope, to: &text)
    guard continueFinalMessage else { return text }
    guard let cut = Conversation.cut(text) else {
      throw .badData(name, "line 1: the template does not print the final message, so it can't be continued")
    }
    return cut
  }
}
