// Removes combining marks; it normally follows NFD, which sets accents apart from their letters.

/// `StripAccents`.
struct StripAccentsNormalizer: Normalizer {
  func normalize(_ text: inout AlignedText) {
    let scalars = text.scalars
    let kept = scalars.map { !isMark($0) }
    guard let first = kept.firstIndex(of: true) else {
      text.transform([])
      return
    }
    var changes: [AlignedText.Change] = []
    for index in first..<scalars.count {
      if kept[index] {
        changes.append(.init(scalar: scalars[index], shift: 0))
      } else {
        changes[changes.count - 1].shift -= 1
      }
    }
    text.transform(changes, removedAtStart: first)
  }

  private func isMark(_ scalar: UInt32) -> Bool {
    guard GeneralCategory.contains(GeneralCategory.marks, scalar) else { return false }
    return Unicode.Scalar(scalar).map { UnicodeForm.isKnown($0.properties) } ?? false
  }
}
