// Puts a prefix before a text, normally the `▁` that marks the start of a word.

import SafeIO

/// `Prepend`; empty text stays empty.
struct PrependNormalizer: Normalizer {
  let prefix: String

  func normalize(_ text: inout AlignedText) throws(Failure) {
    if !text.isEmpty { try text.insert([UInt8](prefix.utf8), at: [0]) }
  }
}
