// Which tokens are predicted from which: a text cut into windows of the context's length, or documents each on its own.

import SafeIO

/// Tokens that one forward pass reads, and those of them that are scored.
package struct ScoringWindow: Sendable, Equatable {
  package var ids: [Int32]
  /// Where the first of `ids` stands among all tokens of the plan; -1 when it is a token put before the text.
  package var start: Int
  /// Positions in `ids` that are scored, each from those before it; never 0, which nothing precedes.
  package var scored: Range<Int>
}

/// How perplexity is measured on some tokens.
package struct ScoringPlan: Sendable, Equatable {
  package let windows: [ScoringWindow]
  /// All tokens, scored or not.
  package let tokenCount: Int
  /// The most tokens that a window holds.
  package let context: Int
  /// How far apart windows begin; nil for documents.
  package let stride: Int?

  /// How many tokens are scored.
  package var scoredTokens: Int { windows.reduce(0) { $0 + $1.scored.count } }

  /// Windows over one text.
  ///
  /// They begin at 0, `stride`, 2 · `stride` and so on, and stop with the first that reaches the end. A token is scored
  /// by the first window that holds it and does not begin with it.
  /// - Parameters:
  ///   - context: the most tokens in a window.
  ///   - stride: the distance between windows; the window's length when nil.
  ///   - beginning: a token put before each window, which is counted in `context`; every token is scored then.
  ///   - limit: only the first windows, when given.
  ///   - place: what the tokens come from, for errors.
  /// - Throws: `Failure.usage` for a context or stride that makes no sense, `Failure.badData` when nothing is left to
  ///   score.
  package init(
    text ids: [Int32], context: Int, stride: Int? = nil, beginning: Int32? = nil, limit: Int? = nil,
    place: String
  ) throws(Failure) {
    guard context >= 2 else {
      throw .usage("a context of \(context) tokens scores nothing; it must be at least 2")
    }
    let length = beginning == nil ? context : context - 1
    let stride = stride ?? length
    guard 1...length ~= stride else {
      throw .usage("the stride is \(stride); it must be between 1 and \(length)")
    }
    var windows: [ScoringWindow] = []
    var begin = 0
    var scoredEnd = 0
    while begin < ids.count && windows.count < limit ?? .max {
      let end = min(begin + length, ids.count)
      let lead = beginning == nil ? 0 : 1
      let first = max(begin + 1 - lead, scoredEnd)
      windows.append(
        ScoringWindow(
          ids: (beginning.map { [$0] } ?? []) + ids[begin..<end], start: begin - lead,
          scored: first - begin + lead..<end - begin + lead))
      if end == ids.count { break }
      scoredEnd = end
      begin += stride
    }
    try self.init(windows, tokenCount: ids.count, context: context, stride: stride, place: place)
  }

  /// Documents, each on its own and cut to the context.
  ///
  /// - Throws: as for a text.
  package init(documents: [[Int32]], context: Int, place: String) throws(Failure) {
    guard context >= 2 else {
      throw .usage("a context of \(context) tokens scores nothing; it must be at least 2")
    }
    var windows: [ScoringWindow] = []
    var start = 0
    for document in documents {
      let ids = Array(document.prefix(context))
      if ids.count > 1 { windows.append(ScoringWindow(ids: ids, start: start, scored: 1..<ids.count)) }
      start += ids.count
    }
    try self.init(windows, tokenCount: start, context: context, stride: nil, place: place)
  }

  private init(
    _ windows: [ScoringWindow], tokenCount: Int, context: Int, stride: Int?, place: String
  ) throws(Failure) {
    guard windows.contains(where: { !$0.scored.isEmpty }) else {
      throw .badData(place, "has \(tokenCount) tokens, too few to predict one from another")
    }
    self.windows = windows
    self.tokenCount = tokenCount
    self.context = context
    self.stride = stride
  }
}
