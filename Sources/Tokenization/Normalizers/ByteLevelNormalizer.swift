// Writes every byte of a text as the character that stands for it in byte-level vocabularies.

import SafeIO

/// `ByteLevel` as a normalizer.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: inout AlignedText) throws(Failure) {
    try text.mapBytes { ByteAlphabet.scalars[Int($0)] }
  }
}
