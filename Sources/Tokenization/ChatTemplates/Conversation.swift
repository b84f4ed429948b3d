// The messages as templates see them, and where the text of the last one ends.

import SafeIO

/// A conversation that is made ready for a template.
struct Conversation {
  private(set) var messages: JSON
  /// What the last message says, when it is to be continued.
  private var last = ""
  /// The names under which messages carry their reasoning; the first is what most templates read.
  private static let reasoning = ["reasoning_content", "thinking", "reasoning"]
  /// Written behind the last message's text to find it again in the rendered text.
  ///
  /// The blank tells whether the template trims.
  private static let mark = "CONTINUE_FINAL_MESSAGE_TAG "

  /// - Parameter field: the field of the last message to mark the end of, such as `content`.
  /// - Throws: `Failure.usage` when the messages are none, or the last one has no text there.
  init(_ messages: JSON, continuing field: String?) throws(Failure) {
    guard case .array(var list) = messages else { throw .usage("messages must be a list") }
    for index in list.indices {
      guard case .object(let message) = list[index] else {
        throw .usage("message \(index + 1) must be an object with a role and a content")
      }
      list[index] = .object(Self.completed(message))
    }
    self.messages = .array(list)
    guard let field else { return }
    guard case .object(var message)? = list.popLast() else {
      throw .usage("there is no final message to continue")
    }
    try mark(field, of: &message)
    self.messages = .array(list + [.object(message)])
  }

  /// The message without keys that are null, and with its reasoning under the names that templates read.
  private static func completed(_ message: JSONObject) -> JSONObject {
    let thought = reasoning.lazy.compactMap { message[$0] }.first { !$0.isNull }
    var result = JSONObject()
    // The order is that of transformers, since a template may print the message.
    if let thought { result["thinking"] = thought }
    for (key, value) in message where !value.isNull { result[key] = value }
    if let thought { result["reasoning_content"] = thought }
    return result
  }

  private mutating func mark(_ field: String, of message: inout JSONObject) throws(Failure) {
    switch message[field] {
    case .string(let text)?:
      last = text
      // Reasoning has several names, and a template may read any.
      let names = Self.reasoning.contains(field) ? Self.reasoning : [field]
      for name in names where message[name] == .string(text) { message[name] = .string(text + Self.mark) }
    case .array(var parts)?:
      guard let index = parts.lastIndex(where: { $0["text"]?.stringValue != nil }),
        case .object(var part) = parts[index], let text = part["text"]?.stringValue
      else { throw .usage("the final message has no text to continue") }
      last = text
      part["text"] = .string(text + Self.mark)
      parts[index] = .object(part)
      message[field] = .array(parts)
    default: throw .usage("the final message has no '\(field)' to continue")
    }
  }

  /// The rendered text up to the end of the last message's text; nil when that is not in it.
  func cut(_ rendered: String) -> String? {
    let bytes = Array(rendered.utf8)
    let bare = Array(Self.mark.utf8.dropLast())
    guard TemplateText.contains(TemplateText.strip(last), in: rendered),
      let place = ByteSearch(bare).all(in: bytes, 0..<bytes.count).last?.lowerBound
    else { return nil }
    let text = String(decoding: bytes[..<place], as: UTF8.self)
    let isKept = bytes[place...].starts(with: Self.mark.utf8)
    return isKept ? text : TemplateText.strip(text, leading: false)
  }
}
