// Tokens to text as they come, in whole characters.

import Tokenization

/// Grows a text token by token.
struct GeneratedText {
  /// Tokens of the prompt that decide how the first generated one is spelled; more of them decide nothing.
  private static let lead = 32

  private var stream: DecodeStream
  /// Bytes of a character that is not whole yet, when the text is made of bytes.
  private var held: [UInt8]?

  /// A text that continues `prompt`, so that a leading space is kept where a word continues, and dropped where the
  /// text begins.
  init(tokenizer: Tokenizer, prompt: [Int32]) {
    stream = tokenizer.makeDecodeStream(skipSpecialTokens: true)
    for id in prompt.suffix(Self.lead) { _ = stream.append(id) }
  }

  /// What `id` adds: by the tokenizer's decoder, or the given bytes if a constraint says which those are.
  mutating func append(_ id: Int32, bytes: [UInt8]?) -> String {
    guard let bytes else { return stream.append(id) ?? "" }
    var text = (held ?? []) + bytes
    var whole = text.count
    while whole > 0, String(validating: text[..<whole], as: UTF8.self) == nil { whole -= 1 }
    defer {
      text.removeFirst(whole)
      held = text
    }
    return String(decoding: text[..<whole], as: UTF8.self)
  }

  /// What was held back, when no more tokens come.
  mutating func finish() -> String {
    if let held { return String(decoding: held, as: UTF8.self) }
    return stream.finish() ?? ""
  }
}
