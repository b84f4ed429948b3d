// Messages and variables that the tests of templates share.

import SafeIO
import Tokenization

enum TemplateSample {
  static let messages: JSON = [
    ["role": "system", "content": "  Sys \u{e9} \u{6f22}\u{5b57} \u{1f600}\r\n"],
    ["role": "user", "content": "Hello <b> & \"q\" it's"],
    ["role": "assistant", "content": "a b  c\n\nd"],
  ]

  private static let variables: [String: JSON] = [
    "x": [
      "a": 1, "b": [1, 2.5, nil, true, "t"], "items": 3,
      "big": .bigInteger("123456789012345678901234567890"),
    ],
    "xs": [3, 1, 2, 10],
    "words": ["b", "A", "c", "a"],
    "f": 2.0,
    "neg": -7,
    "users": [
      ["name": "Ann", "age": 31, "address": ["city": "Lima"]],
      ["name": "bob", "age": 25, "address": ["city": "Oslo"]],
      ["name": "Cy", "age": 31, "address": ["city": "lima"]],
      ["name": "dee", "age": 7],
    ],
  ]

  /// What a template makes of the sample.
  static func render(_ source: String) throws(Failure) -> String {
    try ChatTemplate(source: source, name: "sample").render(
      messages: messages, tools: nil, addGenerationPrompt: false, variables: variables,
      tokens: ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"],
      now: WallClock(year: 2025, month: 3, day: 4, hour: 5, minute: 6, second: 7))
  }
}
