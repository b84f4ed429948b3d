// A grammar as a constraint on tokens: the vocabulary's tree is walked with the automaton.

import SafeIO

/// Allows the tokens whose bytes continue a text of the grammar, and only as long as the text can still be ended
/// within the tokens that remain.
///
/// A text that needs `d` more bytes can be ended with `d` tokens, since the grammar was compiled for the bytes that
/// have tokens of their own. So a token after which the distance to the end is at most `remaining - 1` keeps the
/// promise, and the first byte of a shortest ending is always such a token: generation never gets stuck and never
/// ends in the middle.
package final class GrammarConstraint: Constraint {
  private let automaton: GrammarAutomaton
  private let vocabulary: VocabularyTrie
  private var state: GrammarAutomaton.StateID

  /// A constraint that begins at the start of `grammar`, for tokens of `vocabulary`.
  ///
  /// Throws `.badData` with `source` as the place when the grammar is too large or can't be spelled.
  package init(_ grammar: Grammar, vocabulary: VocabularyTrie, source: String) throws(Failure) {
    automaton = GrammarAutomaton(
      try CompiledGrammar(grammar, alphabet: vocabulary.alphabet, source: source))
    self.vocabulary = vocabulary
    state = automaton.start
  }

  /// The tokens with which every text can be ended, from here: bytes of the shortest ending.
  package var shortestEnding: Int { automaton.distance(state) }

  package var isComplete: Bool { automaton.accepts(state) }
  package var isFinal: Bool { automaton.isFinal(state) }

  package func allowed(remaining: Int) throws(Failure) -> TokenMask {
    if shortestEnding > remaining {
      throw .usage(
        "\(remaining) tokens are too few for the required form, which may need \(shortestEnding); "
          + "allow more tokens")
    }
    state = automaton.compacted(keeping: state)
    var mask = TokenMask(size: vocabulary.size)
    // path[d] is the state after the first d bytes of the node at hand.
    var path = [GrammarAutomaton.StateID](repeating: state, count: vocabulary.maximumDepth + 1)
    var index = 0
    while index < vocabulary.nodes.count {
      let node = vocabulary.nodes[index]
      let depth = Int(node.depth)
      let next = automaton.next(path[depth - 1], node.byte)
      guard next != GrammarAutomaton.dead else {
        index = Int(node.end)
        continue
      }
      path[depth] = next
      if !node.tokens.isEmpty, automaton.distance(next) < remaining {
        for slot in node.tokens { mask[vocabulary.tokens[Int(slot)]] = true }
      }
      index += 1
    }
    return mask
  }

  package func advance(_ id: Int32) -> [UInt8] {
    let bytes = vocabulary.bytes(of: id) ?? []
    for byte in bytes {
      state = automaton.next(state, byte)
      precondition(state != GrammarAutomaton.dead, "token \(id) was not among the allowed ones")
    }
    return bytes
  }
}
