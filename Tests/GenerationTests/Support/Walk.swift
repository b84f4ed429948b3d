// A random model: chooses any allowed token, so that all of a grammar's texts can come out.

import Generation
import SafeIO
import TensorCore

extension TokenMask {
  /// The allowed ids, ascending.
  var ids: [Int32] { (0..<Int32(size)).filter { self[$0] } }
}

/// What a random walk wrote, and with how many tokens.
struct Walk {
  var bytes: [UInt8] = []
  var ids: [Int32] = []
  var tokens: Int { ids.count }
  var text: String? { String(validating: bytes, as: UTF8.self) }

  /// Walks until the text is final, or complete and the random number says stop.
  ///
  /// - Parameters:
  ///   - greed: how often, of 16, the longest allowed token is taken instead of a random one.
  init(_ constraint: any Constraint, budget: Int, seed: Int, greed: Int = 0, vocabulary: VocabularyTrie)
    throws
  {
    let random = CounterRandom(seed: seed)
    var counter = 0
    func draw(_ count: Int) -> Int {
      counter += 1
      return Int(random.bits(counter) % UInt64(count))
    }
    while !constraint.isFinal, tokens < budget {
      if constraint.isComplete, draw(4) == 0 { return }
      let allowed = try constraint.allowed(remaining: budget - tokens).ids
      guard !allowed.isEmpty else { return }
      let longest = allowed.max {
        (vocabulary.bytes(of: $0)?.count ?? 0) < (vocabulary.bytes(of: $1)?.count ?? 0)
      }
      let id = draw(16) < greed ? longest ?? allowed[0] : allowed[draw(allowed.count)]
      bytes += constraint.advance(id)
      ids.append(id)
    }
  }
}
