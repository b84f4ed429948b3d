// Counts what a model read and decided for one task.

/// Measures one task, from its creation on.
struct UsageMeter {
  /// What tokens per second counts.
  enum Rate {
    /// Tokens read, for forms in which the model decides without writing.
    case tokensRead
    /// Tokens generated after the first.
    case tokensGenerated(Double)
  }

  private let start = ContinuousClock.now
  private var firstDecision: ContinuousClock.Instant?
  private var tokensRead = 0
  private var tokensDecided = 0

  mutating func read(_ count: Int) { tokensRead += count }

  mutating func decided(_ count: Int) {
    if firstDecision == nil { firstDecision = .now }
    tokensDecided += count
  }

  func usage(ratedBy rate: Rate) -> ModelUsage {
    let now = ContinuousClock.now
    let tokensPerSecond =
      switch rate {
      case .tokensRead: Double(tokensRead) / ((now - start) / .seconds(1))
      case .tokensGenerated(let measured): measured
      }
    return ModelUsage(
      promptTokens: tokensRead, outputTokens: tokensDecided,
      timeToFirstToken: ((firstDecision ?? now) - start) / .seconds(1), tokensPerSecond: tokensPerSecond)
  }
}
