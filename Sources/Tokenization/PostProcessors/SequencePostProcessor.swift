// Several post-processors, one after the other.

import SafeIO

/// `Sequence`.
struct SequencePostProcessor: PostProcessor {
  private let steps: [any PostProcessor]

  init(_ fields: Fields) throws(Failure) {
    steps = try PostProcessors.table.makeAll(fields, "processors")
    // A template takes one text or two; what another template made of them is neither.
    guard steps.filter({ !($0 is ByteLevelPostProcessor) }).count <= 1 else {
      throw fields.complaint("processors", "more than one step that adds special tokens is not supported")
    }
  }

  var ids: [Int32] { steps.flatMap(\.ids) }

  func process(_ parts: [Encoding], addSpecialTokens: Bool) -> [Encoding] {
    steps.reduce(parts) { $1.process($0, addSpecialTokens: addSpecialTokens) }
  }
}
