// Removes white space at the ends.

import SafeIO

/// `Strip`.
struct StripNormalizer: Normalizer {
  private let stripsLeft: Bool
  private let stripsRight: Bool

  init(_ fields: Fields) throws(Failure) {
    stripsLeft = try fields.bool("strip_left")
    stripsRight = try fields.bool("strip_right")
  }

  func normalize(_ text: inout AlignedText) {
    let scalars = text.scalars
    let start = stripsLeft ? scalars.firstIndex { !ScalarClass.isWhitespace($0) } ?? scalars.count : 0
    let end = stripsRight ? (scalars.lastIndex { !ScalarClass.isWhitespace($0) } ?? -1) + 1 : scalars.count
    if start == 0 && end == scalars.count { return }
    let kept = scalars[start..<max(start, end)].map { AlignedText.Change(scalar: $0, shift: 0) }
    text.transform(kept, removedAtStart: start)
  }
}
