// Writes every byte of a text as the character that stands for it in byte-level vocabularies.

/// `ByteLevel` as a normalizer.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: inout AlignedText) { text.mapBytes { ByteAlphabet.scalars[Int($0)] } }
}
