// A model's chat template: the Jinja program that turns a conversation into the text the model was trained on.

import SafeIO

/// A parsed chat template.
package struct ChatTemplate: Sendable {
  private let name: String

  /// The template of a model folder: chat_template.jinja, else `chat_template` of tokenizer_config.json (one template,
  /// or several by name, of which "default" is taken).
  /// - Returns: nil when there is neither.
  package static func load(directory: String) throws(Failure) -> ChatTemplate? {
    let path = "\(directory)/chat_template.jinja"
    if Files.exists(path) { return try ChatTemplate(source: Files.readText(path: path), name: path) }
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
  }

  /// The conversation as text.
  package func render(
    messages: JSON, tools: JSON?, addGenerationPrompt: Bool, continueFinalMessage: Bool = false,
    variables: [String: JSON] = [:], bosToken: String?, eosToken: String?, now: WallClock? = nil
  ) throws(Failure) -> String {
    throw .badData(name, "line 1: chat templates can't be rendered")
  }
}
