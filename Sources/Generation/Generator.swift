// The loop: read the prompt, choose a token, read it, and so on until something says stop. What the text is made
// of is decided by the sampler and the constraint; what it looks like, by the tokenizer.

import SafeIO
import Tokenization

/// Generates text token by token.
package final class Generator {
  private let tokenizer: Tokenizer
  private let endOfText: Set<Int32>

  /// - Parameters:
  ///   - endOfText: the tokens that end a text.
  package init(tokenizer: Tokenizer, endOfText: [Int32]) {
    self.tokenizer = tokenizer
    self.endOfText = Set(endOfText)
  }

  /// Continues `prompt` in a context that has read nothing, or the beginning that the prompt continues.
  ///
  /// - Parameters:
  ///   - context: reads the prompt and every generated token but the last.
  ///   - constraint: narrows the choice of tokens; its text is complete when generation ends within the limits.
  ///   - onText: receives the text as it grows, in whole characters.
  ///   - check: called before each pass through the model; throws to stop.
  /// - Throws: `.usage` when the prompt is empty or does not fit the context, or when the limits are too tight for
  ///   the constraint; what `check` and `onText` throw.
  package func generate(
    _ prompt: [Int32], in context: any TokenContext, options: GenerationOptions,
    constraint: (any Constraint)? = nil, onText: (String) throws -> Void = { _ in },
    check: () throws -> Void = { try Interruption.check() }
  ) throws -> GenerationResult {
    try options.validate()
    guard let last = prompt.indices.last else { throw Failure.usage("the prompt has no tokens") }
    let room = context.capacity - context.length - prompt.count
    guard room > 0 else {
      throw Failure.usage(
        "the prompt has \(prompt.count) tokens, which leaves no room in the model's context of \(context.capacity)"
      )
    }
    let limit = min(options.maximumTokens, room)

    var result = GenerationResult()
    result.promptTokens = prompt.count
    result.stopReason = options.maximumTokens <= room ? .length : .context
    var text = GeneratedText(tokenizer: tokenizer, prompt: prompt)
    var stops = StopMatcher(options.stopStrings)
    let sampler = Sampler(options.sampling)
    var history = TokenHistory(prompt: prompt)
    let clock = ContinuousClock()
    let start = clock.now
    var firstToken = start
    var decided = 0

    func show(_ piece: String) throws {
      guard !piece.isEmpty else { return }
      result.text += piece
      try onText(piece)
    }

    var unread = prompt
    var wanted = last
    while result.ids.count < limit {
      let rows = try context.readInPieces(unread, logitsAt: [wanted], check: check)
      guard let logits = rows.last else { break }
      let mask = try constraint.map { try allowed(by: $0, remaining: limit - result.ids.count) }
      let id = sampler.sample(logits, history: history, mask: mask)
      if decided == 0 { firstToken = clock.now }
      decided += 1
      if endOfText.contains(id) {
        result.stopReason = .endOfText
        break
      }
      result.ids.append(id)
      history.append(id)
      let (shown, isStopped) = stops.push(text.append(id, bytes: constraint?.advance(id)))
      try show(shown)
      if isStopped {
        result.stopReason = .stopString
        break
      }
      if let constraint, constraint.isFinal {
        result.stopReason = .complete
        break
      }
      (unread, wanted) = ([id], 0)
    }
    if result.stopReason != .stopString {
      let (shown, isStopped) = stops.push(text.finish())
      try show(isStopped ? shown : shown + stops.flush())
    }
    result.timeToFirstToken = (firstToken - start) / .seconds(1)
    let decoding = (clock.now - firstToken) / .seconds(1)
    if decided > 1, decoding > 0 { result.tokensPerSecond = Double(decided - 1) / decoding }
    if result.timeToFirstToken > 0 {
      result.promptTokensPerSecond = Double(prompt.count) / result.timeToFirstToken
    }
    return result
  }

  /// The constraint's tokens; those that end a text only, and always, when it is complete.
  private func allowed(by constraint: any Constraint, remaining: Int) throws -> TokenMask {
    var mask = try constraint.allowed(remaining: remaining)
    for id in endOfText where id >= 0 && id < mask.size { mask[id] = constraint.isComplete }
    return mask
  }
}
