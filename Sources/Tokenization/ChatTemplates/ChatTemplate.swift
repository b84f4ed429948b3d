// A model's chat template: the Jinja program that turns a conversation into the text the model was trained on. A model may
// have several by name; transformers takes "tool_use" where tools are given, and "default" otherwise.

import SafeIO
import WeightFiles

/// The parsed chat templates of a model, of which one is rendered.
package struct ChatTemplate: Sendable {
  /// One of them, with its place for errors; a mistake in it counts when it is to be rendered.
  private struct Parsed: Sendable {
    let place: String
    let statements: Result<[TemplateStatement], Failure>

    init(_ source: String, place: String) {
      self.place = place
      statements = Result { () throws(Failure) in
        guard source.utf8.count <= ChatTemplate.maximumSource else {
          throw .badData(place, "the template has more than \(ChatTemplate.maximumSource >> 10) KiB")
        }
        return try TemplateParser.parse(source, name: place)
      }
    }
  }

  /// Bytes of a template; published ones have up to 20 000.
  private static let maximumSource = 256 << 10
  private static let file = "chat_template.jinja"
  private static let folder = "additional_chat_templates"

  private var templates: [String: Parsed]
  /// Where the templates come from.
  private let place: String

  /// The templates of a model folder.
  ///
  /// - Returns: nil when there is none.
  package static func load(directory: String) throws(Failure) -> ChatTemplate? {
    let sources = try sources(directory: directory)
    return sources.isEmpty ? nil : ChatTemplate(sources, place: directory)
  }

  /// The texts of a model's templates by name, with their places for errors.
  ///
  /// In a GGUF file they are `tokenizer.chat_template`, and others by name behind that; in a folder chat_template.jinja and those in additional_chat_templates; else `chat_template` of tokenizer_config.json, which is
  /// one template or several by name; else that of chat_template.json.
  package static func sources(
    directory: String
  ) throws(Failure) -> [String: (source: String, place: String)] {
    var sources: [String: (source: String, place: String)] = [:]
    if let gguf = try GGUFFile.of(model: directory) {
      let key = GGUFVocabulary.chatTemplateKey
      if let text = try gguf.string(key) { sources["default"] = (text, "\(gguf.path): \(key)") }
      return sources
    }
    let folder = "\(directory)/\(folder)"
    var files = ["default": "\(directory)/\(file)"]
    for name in Files.isDirectory(folder) ? try Files.list(folder) : [] where name.hasSuffix(".jinja") {
      files[String(name.dropLast(6))] = "\(folder)/\(name)"
    }
    for (name, path) in files where Files.exists(path) {
      sources[name] = (try Files.readText(path: path, limit: maximumSource), path)
    }
    if !sources.isEmpty { return sources }
    for file in ["tokenizer_config.json", "chat_template.json"] {
      let path = "\(directory)/\(file)"
      guard Files.exists(path), let entry = try JSON.read(path: path)["chat_template"], !entry.isNull else {
        continue
      }
      let place = "\(path): chat_template"
      for (name, source) in try named(entry, place) {
        sources[name] = (source, name == "default" ? place : "\(place) '\(name)'")
      }
      return sources
    }
    return [:]
  }

  /// One template, a list of objects with a name and a template, or an object of templates by name.
  private static func named(_ entry: JSON, _ place: String) throws(Failure) -> [(String, String)] {
    if let source = entry.stringValue { return [("default", source)] }
    var result: [(String, String)] = []
    for (name, value) in entry.objectValue ?? [:] {
      if let source = value.stringValue { result.append((name, source)) }
    }
    for item in entry.arrayValue ?? [] {
      guard let name = item["name"]?.stringValue, let source = item["template"]?.stringValue else {
        throw .badData(place, "expected a list of objects with a 'name' and a 'template'")
      }
      result.append((name, source))
    }
    guard !result.isEmpty else {
      throw .badData(place, "expected a template, or a list of objects with a 'name' and a 'template'")
    }
    return result
  }

  private init(_ sources: [String: (source: String, place: String)], place: String) {
    templates = sources.mapValues { Parsed($0.source, place: $0.place) }
    self.place = place
  }

  /// Parses a template.
  /// - Parameter name: the name used in errors, normally the file.
  /// - Throws: `Failure.badData` with line and column.
  package init(source: String, name: String) throws(Failure) {
    self.init(["default": (source, name)], place: name)
    for template in templates.values { _ = try template.statements.get() }
  }

  /// The names of the templates, sorted.
  package var names: [String] { templates.keys.sorted() }

  /// The template of a name alone, whatever tools there are.
  /// - Throws: `Failure.usage` when the model has none of that name.
  package func selecting(_ name: String) throws(Failure) -> ChatTemplate {
    guard let template = templates[name] else {
      throw .usage("\(place): has no chat template '\(name)', it has \(names.joined(separator: ", "))")
    }
    var result = self
    result.templates = ["default": template]
    return result
  }

  private func template(withTools: Bool) throws(Failure) -> Parsed {
    if withTools, let template = templates["tool_use"] { return template }
    guard let template = templates["default"] else {
      throw .badData(
        place,
        "has several chat templates and none of them is the default; choose one of \(names.joined(separator: ", "))"
      )
    }
    return template
  }

  /// The conversation as text.
  /// - Parameters:
  ///   - messages: a list of objects with a role and a content.
  ///   - tools: the functions that the model may call; None for the template when nil.
  ///   - addGenerationPrompt: whether the text ends where the assistant's answer begins.
  ///   - field: the field of the last message, such as `content`, whose text the result ends with.
  ///   - variables: what else the template can read, such as `enable_thinking`.
  ///   - tokens: the special tokens by their names, such as `bos_token`; variables go before them.
  ///   - now: what `strftime_now` prints; the time of the machine when nil.
  /// - Throws: `Failure.badData` with line and column, for what the template raises as for all it can't do.
  package func render(
    messages: JSON, tools: JSON?, addGenerationPrompt: Bool, continuing field: String? = nil,
    variables: [String: JSON] = [:], tokens: [String: String], now: WallClock? = nil
  ) throws(Failure) -> String {
    guard !(addGenerationPrompt && field != nil) else {
      throw .usage("the final message can't be continued and followed by a generation prompt at once")
    }
    let conversation = try Conversation(messages, continuing: field)
    let template = try template(withTools: tools != nil)
    let statements = try template.statements.get()
    let evaluator = TemplateEvaluator(name: template.place, now: now)
    let scope = TemplateScope(in: nil)
    for (name, token) in tokens { scope[name] = .string(token) }
    for (name, value) in variables { scope[name] = evaluator.value(value) }
    scope["messages"] = evaluator.value(conversation.messages)
    scope["tools"] = tools.map { evaluator.value($0) } ?? TemplateValue.none
    if variables["documents"] == nil { scope["documents"] = TemplateValue.none }
    scope["add_generation_prompt"] = .bool(addGenerationPrompt)
    var text = ""
    _ = try evaluator.run(statements, in: scope, to: &text)
    guard field != nil else { return text }
    guard let cut = conversation.cut(text) else {
      throw .badData(
        template.place, "the template does not print the final message as it is, so it can't be continued")
    }
    return cut
  }
}
