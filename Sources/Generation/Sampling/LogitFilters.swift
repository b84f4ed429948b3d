// What may happen to a row of logits before a token is drawn. Each filter is one function over the row; the table
// at the end says which of them a set of options asks for, in the order of transformers (generation/utils.py,
// `_get_logits_processor`). A token is removed by setting its logit to minus infinity; at least one always stays.

/// The tokens that came before: what the filters that look back need.
package struct TokenHistory: Sendable {
  /// Prompt and generated tokens, in order.
  package private(set) var ids: [Int32]
  /// How many of `ids` are the prompt.
  package let promptCount: Int

  package init(prompt: [Int32]) {
    ids = prompt
    promptCount = prompt.count
  }

  package mutating func append(_ id: Int32) { ids.append(id) }
}

/// One change of a row of logits `[vocabulary]`.
package typealias LogitFilter = @Sendable (_ logits: inout [Float], _ history: TokenHistory) -> Void

/// The filters, each with transformers' meaning (generation/logits_process.py) unless it says otherwise.
package enum LogitFilters {
  /// CTRL's penalty (arXiv:1909.05858, section 4.1), over prompt and generated tokens, each once.
  package static func repetitionPenalty(_ penalty: Float) -> LogitFilter {
    { logits, history in
      for id in Set(history.ids) where logits.indices.contains(Int(id)) {
        let logit = logits[Int(id)]
        logits[Int(id)] = logit < 0 ? logit * penalty : logit / penalty
      }
    }
  }

  /// OpenAI's two penalties, over generated tokens only: `logit -= presence + frequency · count`.
  package static func occurrencePenalty(presence: Float, frequency: Float) -> LogitFilter {
    { logits, history in
      var counts: [Int32: Float] = [:]
      for id in history.ids[history.promptCount...] { counts[id, default: 0] += 1 }
      for (id, count) in counts where logits.indices.contains(Int(id)) {
        logits[Int(id)] -= presence + frequency * count
      }
    }
  }

  /// Removes every token that would repeat a sequence of `size` tokens.
  package static func noRepeatNgram(_ size: Int) -> LogitFilter {
    { logits, history in
      let ids = history.ids
      guard ids.count >= size else { return }
      let prefix = ids.suffix(size - 1)
      for start in 0...(ids.count - size) where ids[start..<start + size - 1] == prefix {
        let banned = Int(ids[start + size - 1])
        if logits.indices.contains(banned) { logits[banned] = -.infinity }
      }
    }
  }

  package static func temperature(_ temperature: Float) -> LogitFilter {
    { logits, _ in for index in logits.indices { logits[index] /= temperature } }
  }

  /// Keeps logits at least as large as the `count`-th largest.
  package static func topK(_ count: Int) -> LogitFilter {
    { logits, _ in
      guard count < logits.count else { return }
      var ranking = Ranking(logits)
      for _ in 1..<count { _ = ranking.next() }
      // Fewer than `count` are there when the others are gone already.
      guard let last = ranking.next() else { return }
      let cut = logits[last]
      for index in logits.indices where logits[index] < cut { logits[index] = -.infinity }
    }
  }

  /// Nucleus sampling (arXiv:1904.09751): from the least probable up, tokens go while their sum is at most `1 - mass`.
  ///
  /// What is left of the sum is known from above too, where there are few tokens.
  package static func topP(_ mass: Float) -> LogitFilter {
    { logits, _ in
      let probabilities = softmax(logits)
      // Of tokens with one logit the lower ids stay.
      var rest = probabilities.reduce(0) { $0 + ($1.isNaN ? 0 : Double($1)) }
      var kept: [(id: Int, logit: Float)] = []
      for id in Ranking(logits) {
        guard kept.isEmpty || Float(rest) > Float(1 - Double(mass)) else { break }
        kept.append((id, logits[id]))
        rest -= Double(probabilities[id])
      }
      for id in logits.indices where !logits[id].isNaN { logits[id] = -.infinity }
      for (id, logit) in kept { logits[id] = logit }
    }
  }

  /// Removes tokens less probable than `share` of the most probable one (arXiv:2407.01082).
  package static func minP(_ share: Float) -> LogitFilter {
    { logits, _ in
      let probabilities = softmax(logits)
      let cut = share * (probabilities.max() ?? 0)
      for index in logits.indices where probabilities[index] < cut { logits[index] = -.infinity }
    }
  }

  /// Locally typical sampling (arXiv:2202.00666): tokens by |surprise − entropy| until their sum reaches `mass`.
  package static func typicalP(_ mass: Float) -> LogitFilter {
    { logits, _ in
      let probabilities = softmax(logits)
      let surprise = probabilities.map { -Float.log($0) }
      var entropy = 0.0
      for (p, s) in zip(probabilities, surprise) where p > 0 { entropy += Double(p * s) }
      let distance = surprise.map { abs($0 - Float(entropy)) }
      var sum = 0.0
      var cut = Float.infinity
      for id in Ranking(logits.indices.map { logits[$0] > -.infinity ? -distance[$0] : -.infinity }) {
        sum += Double(probabilities[id])
        if Float(sum) >= mass {
          cut = distance[id]
          break
        }
      }
      for index in logits.indices where distance[index] > cut { logits[index] = -.infinity }
    }
  }

  /// The filters that `options` ask for, in the order in which they run.
  ///
  /// Temperature 0 needs none that only narrow the choice: the largest logit survives them all.
  package static func table(_ options: SamplingOptions) -> [LogitFilter] {
    var filters: [LogitFilter] = []
    if options.repetitionPenalty != 1 { filters.append(repetitionPenalty(options.repetitionPenalty)) }
    if options.presencePenalty != 0 || options.frequencyPenalty != 0 {
      filters.append(
        occurrencePenalty(presence: options.presencePenalty, frequency: options.frequencyPenalty))
    }
    if let size = options.noRepeatNgramSize { filters.append(noRepeatNgram(size)) }
    guard options.temperature > 0 else { return filters }
    if options.temperature != 1 { filters.append(temperature(options.temperature)) }
    if let count = options.topK { filters.append(topK(count)) }
    if let mass = options.topP, mass < 1 { filters.append(topP(mass)) }
    if let share = options.minP { filters.append(minP(share)) }
    if let mass = options.typicalP { filters.append(typicalP(mass)) }
    return filters
  }
}
