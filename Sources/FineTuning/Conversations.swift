// Conversations in the ShareGPT spelling (`from`, `value`), as LLaMA-Factory's data folder has them, rewritten as
// chat messages.

import SafeIO

/// The ShareGPT spelling of conversations.
enum Conversations {
  /// Chat messages for `[{"from": …, "value": …}]`; a `function_call` becomes a tool call of the assistant, an
  /// `observation` the tool's answer.
  static func messages(_ turns: [JSON], place: String) throws(Failure) -> JSON {
    var messages: [JSON] = []
    for (index, turn) in turns.enumerated() {
      let fields = try Fields(turn, source: "\(place): conversations, turn \(index + 1)")
      let value = try fields.string("value")
      let speaker = try fields.string("from")
      switch speaker {
      case "system", "user", "assistant", "tool":
        messages.append(["role": .string(speaker), "content": .string(value)])
      case "human": messages.append(["role": "user", "content": .string(value)])
      case "gpt": messages.append(["role": "assistant", "content": .string(value)])
      case "observation": messages.append(["role": "tool", "content": .string(value)])
      case "function_call":
        let call = try JSON.parse(value, source: "\(fields.source): key 'value'")
        messages.append([
          "role": "assistant", "content": "", "tool_calls": [["type": "function", "function": call]],
        ])
      default:
        throw fields.complaint(
          "from", "'\(speaker)' is not one of human, gpt, system, function_call, observation")
      }
    }
    return .array(messages)
  }
}
