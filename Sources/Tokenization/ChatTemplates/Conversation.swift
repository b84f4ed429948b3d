// The messages as templates see them, and where the text of the last one ends.

import SafeIO

/// A conversation that is made ready for a template.
struct Conversation {
  private(set) var messages: JSON
  /// Written behind the last message's text to find it again in the rendered text.
  ///
  /// The blank tells whether the template trims.
  private static let mark = "CONTINUE_FINAL_MESSAGE_TAG "

  /// - Parameter marksEnd: whether to mark the end of the last message.
  /// - Throws: `Failure.usage` when the messages are none.
  init(_ messages: JSON, marksEnd: Bool) throws(Failure) {
    guard case .array(var list) = messages else { throw .usage("messages must be a list") }
    for index in list.indices {
      guard case .object(let message) = list[index] else {
        throw .usage("message \(index + 1) must be an object with a role and a content")
      }
      list[index] = .object(Self.completed(message))
    }
    if marksEnd {
      guard let last = list.popLast() else { throw .usage("there is no final message to continue") }
      list.append(try Self.marked(last))
    }
    self.messages = .array(list)
  }

  /// The message without keys that are null, and with its reasoning under both names in use.
  private static func completed(_ message: JSONObject) -> JSONObject {
    var result = JSONObject()
    for (key, value) in message where !value.isNull { result[key] = value }
    if result["reasoning_content"] == nil {
      result["reasoning_content"] = result["thinking"] ?? result["reasoning"]
    }
    if result["thinking"] == nil { result["thinking"] = result["reasoning_content"] }
    return result
  }

  private static func marked(_ message: JSON) throws(Failure) -> JSON {
    guard case .object(var object) = message else { return message }
    switch object["content"] {
    case .string(let text)?: object["content"] = .string(text + mark)
    case .array(var parts)?:
      guard let index = parts.lastIndex(where: { $0["text"]?.stringValue != nil }),
        case .object(var part) = parts[index], let text = part["text"]?.stringValue
      else { throw .usage("the final message has no text to continue") }
      part["text"] = .string(text + mark)
      parts[index] = .object(part)
      object["content"] = .array(parts)
    default: throw .usage("the final message has no text to continue")
    }
    return .object(object)
  }

  /// The rendered text up to the end of the last message's text; nil when that is not in it.
  static func cut(_ rendered: String) -> String? {
    let bytes = Array(rendered.utf8)
    let bare = Array(mark.utf8.dropLast())
    guard let place = ByteSearch(bare).all(in: bytes, 0..<bytes.count).last?.lowerBound else { return nil }
    let text = String(decoding: bytes[..<place], as: UTF8.self)
    let isKept = bytes[place...].starts(with: mark.utf8)
    return isKept ? text : TemplateText.strip(text, leading: false)
  }
}
