// Several pre-tokenizers, one after the other.

import SafeIO

/// `Sequence`.
struct SequencePreTokenizer: PreTokenizer {
  private let steps: [any PreTokenizer]

  init(_ fields: Fields) throws(Failure) { steps = try PreTokenizers.table.makeAll(fields, "pretokenizers") }

  func split(_ words: inout Words) throws(Failure) {
    for step in steps { try step.split(&words) }
  }
}
