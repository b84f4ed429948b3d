// A conversation as a file for `mlt tokenize --chat` describes it.

import SafeIO
import Tokenization

/// What a file for `--chat` asks for.
struct Conversation {
  private let messages: JSON
  private let tools: JSON?
  private let addsGenerationPrompt: Bool
  private let continuesFinalMessage: Bool
  private let now: WallClock?
  private var variables: [String: JSON] = [:]

  init(_ json: JSON, source: String) throws {
    let fields = try Fields(json, source: source)
    let all = try fields.array("messages")
    if all.isEmpty { throw fields.complaint("messages", "the conversation is empty") }
    messages = .array(all)
    tools = fields.has("tools") ? fields.object["tools"] : nil
    addsGenerationPrompt = try fields.bool("add_generation_prompt", default: false)
    continuesFinalMessage = try fields.bool("continue_final_message", default: false)
    now = try fields.optionalString("now").map { text in
      guard let clock = WallClock(text) else {
        throw fields.complaint(
          "now", "expected a time such as 2025-03-04T05:06:07, found '\(text.prefix(40))'")
      }
      return clock
    }
    let own = ["messages", "tools", "add_generation_prompt", "continue_final_message", "now"]
    for (key, value) in fields.object where !own.contains(key) { variables[key] = value }
  }

  func render(_ template: ChatTemplate, _ tokenizer: Tokenizer) throws -> String {
    var all = variables
    for (name, token) in tokenizer.namedTokens where all[name] == nil { all[name] = .string(token) }
    return try template.render(
      messages: messages, tools: tools, addGenerationPrompt: addsGenerationPrompt,
      continueFinalMessage: continuesFinalMessage, variables: all,
      bosToken: tokenizer.namedTokens["bos_token"], eosToken: tokenizer.namedTokens["eos_token"], now: now)
  }
}
