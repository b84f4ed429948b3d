// From text to tokens with targets: how each kind of row becomes a document, and which of its tokens are learned.
// Reading the kinds from JSON is `RowReader`'s work.

import SafeIO
import Tokenization

/// Turns prompts, completions, texts and conversations into labelled tokens with one model's tokenizer.
package final class RowEncoder {
  /// Tokens and, for each, whether the model should learn to produce it.
  package struct Labelled: Equatable {
    package var ids: [Int32]
    package var isLearned: [Bool]

    package init(ids: [Int32], isLearned: [Bool]) {
      self.ids = ids
      self.isLearned = isLearned
    }
  }

  /// What templates that print a date see: Llama 3.1's own default.
  ///
  /// The real day would make each day's run another.
  private static let today = WallClock(year: 2024, month: 7, day: 26)

  private let tokenizer: Tokenizer
  private let template: ChatTemplate?
  /// Ids that end a turn or a text; the first is the one appended to texts.
  private let endIDs: [Int32]
  private let maskPrompt: Bool

  /// Loads the tokenizer and the chat template of a model.
  ///
  /// - Parameter eosTokenIDs: the model's own end tokens, used when the tokenizer names none.
  package convenience init(directory: String, eosTokenIDs: [Int32], maskPrompt: Bool) throws(Failure) {
    self.init(
      tokenizer: try Tokenizer.load(directory: directory),
      template: try ChatTemplate.load(directory: directory),
      eosTokenIDs: eosTokenIDs, maskPrompt: maskPrompt)
  }

  package init(tokenizer: Tokenizer, template: ChatTemplate?, eosTokenIDs: [Int32], maskPrompt: Bool) {
    self.tokenizer = tokenizer
    self.template = template
    endIDs = [tokenizer.eosToken?.id].compactMap { $0 } + eosTokenIDs
    self.maskPrompt = maskPrompt
  }

  /// A plain text, with the end token appended when it is not there.
  package func text(_ text: String, place: String) throws(Failure) -> Labelled {
    guard !maskPrompt else {
      throw .usage(
        "\(place): a \"text\" row has no prompt to mask; leave out --mask-prompt or give prompt and completion"
      )
    }
    let ids = try withEnd(encode(text, place: place))
    return Labelled(ids: ids, isLearned: [Bool](repeating: true, count: ids.count))
  }

  /// A prompt and its completion: turns of a user and an assistant when the model has a chat template (as mlx-lm
  /// does), else the completion's text right behind the prompt's, closed by the end token.
  package func completion(
    prompt: String, completion: String, tools: JSON? = nil, place: String
  ) throws(Failure) -> Labelled {
    if template != nil {
      let messages: JSON = [
        ["role": "user", "content": .string(prompt)], ["role": "assistant", "content": .string(completion)],
      ]
      return try chat(messages: messages, tools: tools, place: place)
    }
    let promptIDs = try encode(prompt, place: place)
    let ids = try withEnd(joined(prompt, promptIDs, completion, place: place))
    return Labelled(ids: ids, isLearned: ids.indices.map { !maskPrompt || $0 >= promptIDs.count })
  }

  /// The tokens of both texts.
  ///
  /// Where the tokenizer would merge over the border, both are encoded on their own, since
  /// that is what the model will meet: a prompt alone, to be continued.
  private func joined(
    _ prompt: String, _ promptIDs: [Int32], _ completion: String, place: String
  ) throws(Failure) -> [Int32] {
    let whole = try encode(prompt + completion, place: place)
    if whole.starts(with: promptIDs) { return whole }
    return try promptIDs + encode(completion, addSpecialTokens: false, place: place)
  }

  /// The ids of a text; what the tokenizer refuses is said with the row's place.
  private func encode(
    _ text: String, addSpecialTokens: Bool = true, place: String
  ) throws(Failure) -> [Int32] {
    try placing(place) { () throws(Failure) in
      try tokenizer.encode(text, addSpecialTokens: addSpecialTokens).ids
    }
  }

  private func placing<R>(_ place: String, _ body: () throws(Failure) -> R) throws(Failure) -> R {
    do {
      return try body()
    } catch {
      throw Failure(error.kind, "\(place): \(error.message)")
    }
  }

  private func withEnd(_ ids: [Int32]) -> [Int32] {
    guard let end = endIDs.first, ids.last != end else { return ids }
    return ids + [end]
  }

  // MARK: - Conversations

  /// A conversation through the model's chat template.
  ///
  /// With `maskPrompt` only the assistant's turns are learned, all
  /// of them, each to where the template ends it: with the end token, and the newline that ChatML puts behind it.
  package func chat(messages: JSON, tools: JSON?, place: String) throws(Failure) -> Labelled {
    guard let template else {
      throw .badData(
        place,
        "a conversation needs a chat template, and the model has none; put chat_template.jinja beside its config.json, or "
          + "give prompt and completion instead")
    }
    let text = try render(template, messages, tools, place: place)
    let encoding = try placing(place) { () throws(Failure) in
      try tokenizer.encode(text, addSpecialTokens: false)
    }
    guard maskPrompt else {
      return Labelled(ids: encoding.ids, isLearned: [Bool](repeating: true, count: encoding.ids.count))
    }
    let turns = try assistantTurns(template, messages, tools, text: text, place: place)
    return Labelled(
      ids: encoding.ids,
      isLearned: encoding.offsets.map { offset in turns.contains { $0.contains(offset.lowerBound) } })
  }

  /// Where the assistant's turns lie in the rendered text, in code points.
  ///
  /// A turn begins where the conversation before it, rendered with the generation prompt, ends. It ends where the
  /// conversation up to and with it ends; a template that writes the last turn differently (Qwen3 adds an empty
  /// thought to it) makes that no prefix of the whole, and then the turn ends with its end token and what the template
  /// writes behind that.
  private func assistantTurns(
    _ template: ChatTemplate, _ messages: JSON, _ tools: JSON?, text: String, place: String
  ) throws(Failure) -> [Range<Int>] {
    let whole = Array(text.unicodeScalars)
    let all = messages.arrayValue ?? []
    var turns: [Range<Int>] = []
    for (index, message) in all.enumerated() where message["role"]?.stringValue == "assistant" {
      let before = Array(
        try render(
          template, .array(Array(all[..<index])), tools, addGenerationPrompt: true, place: place
        ).unicodeScalars)
      guard whole.starts(with: before), turns.last.map({ $0.upperBound <= before.count }) ?? true else {
        throw .badData(
          place,
          "message \(index + 1): the chat template writes the turns before it differently when it is there, so "
            + "the assistant's turn can't be told from the prompt; split the conversation, or leave out --mask-prompt"
        )
      }
      let through = Array(
        try render(template, .array(Array(all[...index])), tools, place: place).unicodeScalars)
      if whole.starts(with: through) {
        turns.append(before.count..<through.count)
      } else if let end = endOfTurn(in: whole, after: before.count) {
        let tail = tail(of: through)
        turns.append(before.count..<(whole[end...].starts(with: tail) ? end + tail.count : end))
      } else {
        throw .badData(
          place,
          "message \(index + 1): the chat template rewrites this turn when others follow, and no end token closes "
            + "it; split the conversation, or leave out --mask-prompt")
      }
    }
    return turns
  }

  /// The place behind the first end token after `start`.
  private func endOfTurn(in text: [Unicode.Scalar], after start: Int) -> Int? {
    for position in start..<max(start, text.count) {
      for end in endTexts where text[position...].starts(with: end) { return position + end.count }
    }
    return nil
  }

  /// What stands behind the last end token; nothing without one.
  private func tail(of text: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
    for position in text.indices.reversed() {
      for end in endTexts where text[position...].starts(with: end) { return text[(position + end.count)...] }
    }
    return []
  }

  private var endTexts: [[Unicode.Scalar]] {
    endIDs.compactMap { tokenizer.token(of: $0) }.map { Array($0.unicodeScalars) }
  }

  private func render(
    _ template: ChatTemplate, _ messages: JSON, _ tools: JSON?, addGenerationPrompt: Bool = false,
    place: String
  ) throws(Failure) -> String {
    try placing(place) { () throws(Failure) in
      try template.render(
        messages: messages, tools: tools, addGenerationPrompt: addGenerationPrompt,
        tokens: tokenizer.namedTokens, now: Self.today)
    }
  }
}
