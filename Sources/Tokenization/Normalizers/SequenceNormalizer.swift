// Several normalizers, one after the other.

import SafeIO

/// `Sequence`.
struct SequenceNormalizer: Normalizer {
  private let steps: [any Normalizer]

  init(_ fields: Fields) throws(Failure) { steps = try Normalizers.table.makeAll(fields, "normalizers") }

  func normalize(_ text: inout AlignedText) throws(Failure) {
    for step in steps { try step.normalize(&text) }
  }
}
