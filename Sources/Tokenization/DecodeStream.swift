// Text of ids that come one by one. A character may be spread over several ids, and what an id becomes may depend on
// its neighbours, so text is given out once it is settled. The method is that of the `tokenizers` library
// (tokenizer/mod.rs, `step_decode_stream`).

/// Gives the text of ids as they come.
package struct DecodeStream: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecialTokens: Bool
  /// The latest ids: those whose text was given out last, then those that wait.
  private var ids: [Int32] = []
  /// What the first `settled` of `ids` decode to.
  private var prefix = ""
  private var settled = 0

  init(tokenizer: Tokenizer, skipSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.skipSpecialTokens = skipSpecialTokens
  }

  /// Takes the next id, and gives the text that is certain now; nil when there is none yet.
  package mutating func append(_ id: Int32) -> String? {
    if prefix.isEmpty && !ids.isEmpty {
      let text = decode(ids)
      if !text.unicodeScalars.hasOpenEnd {
        prefix = text
        settled = ids.count
      }
    }
    ids.append(id)
    let text = decode(ids)
    guard text.utf8.count > prefix.utf8.count, !text.unicodeScalars.hasOpenEnd else { return nil }
    let new = text.dropping(prefix)
    let waiting = ids.count - settled
    ids.removeFirst(settled)
    prefix = decode(ids)
    settled = waiting
    return new
  }

  /// What is left when no id follows: an unfinished character becomes U+FFFD.
  ///
  /// Nil when all was given out.
  package mutating func finish() -> String? {
    let rest = decode(ids).dropping(prefix)
    ids = []
    prefix = ""
    settled = 0
    return rest.isEmpty ? nil : rest
  }

  private func decode(_ ids: [Int32]) -> String {
    tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens)
  }
}

extension String {
  /// The text after `prefix`.
  ///
  /// Where the text came out differently than before, since a byte that stood for itself turned out to be
  /// part of a bad sequence, what was given out stays, and as many characters are dropped.
  fileprivate func dropping(_ prefix: String) -> String {
    if utf8.starts(with: prefix.utf8) {
      return String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
    return String(unicodeScalars.dropFirst(prefix.unicodeScalars.count))
  }
}

extension String.UnicodeScalarView {
  /// Whether the last character may be an unfinished one.
  fileprivate var hasOpenEnd: Bool { last == "\u{fffd}" }
}
