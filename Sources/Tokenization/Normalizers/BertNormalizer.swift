// BERT's normalizer: control characters go, white space becomes spaces, Chinese characters stand apart, and accents and
// case may go. Behaviour of the `tokenizers` library, normalizers/bert.rs.

import SafeIO

/// `BertNormalizer`.
struct BertNormalizer: Normalizer {
  private let cleansText: Bool
  private let setsChineseApart: Bool
  private let stripsAccents: Bool
  private let lowercases: Bool

  init(_ fields: Fields) throws(Failure) {
    cleansText = try fields.bool("clean_text", default: true)
    setsChineseApart = try fields.bool("handle_chinese_chars", default: true)
    lowercases = try fields.bool("lowercase", default: true)
    stripsAccents = try fields.bool("strip_accents", default: lowercases)
  }

  func normalize(_ text: inout AlignedText) throws(Failure) {
    if cleansText {
      text.filter { $0 != 0 && $0 != 0xfffd && !Self.isControl($0) }
      text.map { ScalarClass.isWhitespace($0) ? 0x20 : $0 }
    }
    if setsChineseApart { try setChineseApart(in: &text) }
    if stripsAccents {
      UnicodeForm.nfd.apply(to: &text)
      text.filter { !Self.isNonspacingMark($0) }
    }
    if lowercases { LowercaseNormalizer().normalize(&text) }
  }

  private func setChineseApart(in text: inout AlignedText) throws(Failure) {
    // Most texts have none: their first byte is E3 or above.
    guard text.bytes.contains(where: { $0 >= 0xe3 }) else { return }
    let scalars = text.scalars
    guard scalars.contains(where: Self.isChinese) else { return }
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(scalars.count)
    for scalar in scalars {
      if Self.isChinese(scalar) {
        // The first space stands in place of the character; all three belong to it.
        changes.append(.init(scalar: 0x20, shift: 0))
        changes.append(.init(scalar: scalar, shift: 1))
        changes.append(.init(scalar: 0x20, shift: 1))
      } else {
        changes.append(.init(scalar: scalar, shift: 0))
      }
    }
    try text.lengthen(changes)
  }

  /// Control, format, private use: what BERT's cleaning removes.
  private static func isControl(_ scalar: UInt32) -> Bool {
    if scalar >= 0x20 && scalar < 0x7f || scalar == 9 || scalar == 10 || scalar == 13 { return false }
    return GeneralCategory.contains(removed, scalar) && ScalarClass.isInUnicode8(scalar)
  }

  private static let removed: UInt32 = 1 << 25 | 1 << 26 | 1 << 28

  private static let nonspacingMark = GeneralCategory.mask("Mn") ?? 0

  private static func isNonspacingMark(_ scalar: UInt32) -> Bool {
    switch scalar {
    case ..<0x300: false
    // In Unicode 8 they were something else, or were a mark.
    case 0x1885, 0x1886, 0x111c9: false
    case 0x1734: true
    default: GeneralCategory.contains(nonspacingMark, scalar) && ScalarClass.isInUnicode8(scalar)
    }
  }

  /// The blocks of CJK ideographs.
  private static func isChinese(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x2a6df, 0x2a700...0x2b73f, 0x2b740...0x2b81f,
      0x2b920...0x2ceaf, 0xf900...0xfaff, 0x2f800...0x2fa1f:
      true
    default: false
    }
  }
}
