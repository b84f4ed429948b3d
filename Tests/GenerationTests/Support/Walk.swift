// A random model: chooses any allowed token, so that all of a grammar's texts can come out.

import Generation
import SafeIO

/// What a random walk wrote, and with how many tokens.
struct Walk {
  var bytes: [UInt8] = []
  var tokens = 0
  var text: String? { String(validating: bytes, as: UTF8.self) }

  /// Walks until the text is final, or complete and the random number says stop.
  ///
  /// - Parameters:
  ///   - greed: how often, of 16, the longest allowed token is taken instead of a random one.
  init(_ constraint: any Constraint, budget: Int, seed: UInt64, greed: UInt64 = 0, vocabulary: VocabularyTrie)
    throws
  {
    let random = CounterRandom(seed: seed)
    var counter: UInt64 = 0
    func draw(_ count: Int) -> Int {
      counter += 1
      return Int(random.bits(counter) % UInt64(count))
    }
    while !constraint.isFinal, tokens < budget {
      if constraint.isComplete, draw(4) == 0 { return }
      let ids = try constraint.allowed(remaining: budget - tokens).ids
      guard !ids.isEmpty else { return }
      let longest = ids.max {
        (vocabulary.bytes(of: $0)?.count ?? 0) < (vocabulary.bytes(of: $1)?.count ?? 0)
      }
      let id = draw(16) < greed ? longest ?? ids[0] : ids[draw(ids.count)]
      bytes += constraint.advance(id)
      tokens += 1
    }
  }
}
