// Removes combining marks; it normally follows NFD, which sets accents apart from their letters.

/// `StripAccents`.
struct StripAccentsNormalizer: Normalizer {
  func normalize(_ text: inout AlignedText) { text.filter { !isMark($0) } }

  private func isMark(_ scalar: UInt32) -> Bool {
    guard GeneralCategory.contains(GeneralCategory.marks, scalar) else { return false }
    return Unicode.Scalar(scalar).map { UnicodeForm.isKnown($0.properties) } ?? false
  }
}
