// The four Unicode normalization forms (UAX #15), with the bookkeeping that keeps each scalar's place in the original.

/// A Unicode normalization form.
enum UnicodeForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  private var isCompatible: Bool { self == .nfkc || self == .nfkd }
  private var composes: Bool { self == .nfc || self == .nfkc }

  /// Whether the tables have a character; what came after Unicode 9 stands for itself.
  static func isKnown(_ properties: Unicode.Scalar.Properties) -> Bool {
    properties.age.map { $0.major <= 9 } ?? false
  }

  /// Scalars below stand for themselves.
  private var floor: UInt32 { isCompatible ? 0xa0 : 0xc0 }

  /// Brings `text` into this form.
  func apply(to text: inout AlignedText) {
    let scalars = text.scalars
    if isSurelyNormal(scalars) { return }
    var changes = decomposed(scalars)
    UnicodeForm.sortMarks(&changes)
    text.transform(composes ? UnicodeForm.composed(changes) : changes)
  }

  /// Whether nothing has to be done; a quick look that may say no too often.
  private func isSurelyNormal(_ scalars: [UInt32]) -> Bool {
    return scalars.allSatisfy { scalar in
      if scalar < floor || composes && !isCompatible && scalar < 0x300 { return true }
      if combiningClass(scalar) != 0 { return false }
      if !composes { return !Hangul.isSyllable(scalar) && mapping(of: scalar) == nil }
      if Hangul.isTrailingJamo(scalar) || Decompositions.canonical.isSecond(scalar) { return false }
      guard let mapping = mapping(of: scalar) else { return true }
      return !isCompatible && mapping.count > 1 && !Decompositions.canonical.isExcluded(scalar)
    }
  }

  private func mapping(of scalar: UInt32) -> [UInt32]? {
    (isCompatible ? Decompositions.compatible : Decompositions.canonical).mapping(of: scalar)
  }

  /// UAX #15, section 1.3: every scalar in its full decomposition.
  private func decomposed(_ scalars: [UInt32]) -> [AlignedText.Change] {
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(scalars.count)
    for scalar in scalars {
      if scalar >= floor, let parts = Hangul.decomposition(of: scalar) ?? mapping(of: scalar) {
        for (index, part) in parts.enumerated() {
          changes.append(.init(scalar: part, shift: index == 0 ? 0 : 1))
        }
      } else {
        changes.append(.init(scalar: scalar, shift: 0))
      }
    }
    return changes
  }

  /// The canonical ordering algorithm: runs of marks sorted by combining class, equal ones in their order.
  private static func sortMarks(_ changes: inout [AlignedText.Change]) {
    var index = 0
    while index < changes.count {
      guard combiningClass(changes[index].scalar) != 0 else {
        index += 1
        continue
      }
      var end = index + 1
      while end < changes.count, combiningClass(changes[end].scalar) != 0 { end += 1 }
      let run = changes[index..<end].enumerated().sorted { left, right in
        let classes = (combiningClass(left.element.scalar), combiningClass(right.element.scalar))
        return classes.0 == classes.1 ? left.offset < right.offset : classes.0 < classes.1
      }
      changes.replaceSubrange(index..<end, with: run.map(\.element))
      index = end
    }
  }

  /// The canonical composition algorithm.
  ///
  /// A composite stands in place of all that went into it.
  private static func composed(_ changes: [AlignedText.Change]) -> [AlignedText.Change] {
    var result: [AlignedText.Change] = []
    result.reserveCapacity(changes.count)
    var starter: Int?
    // The class of the last mark kept after the starter; it blocks marks of the same or a lower class.
    var lastClass: UInt8?
    for change in changes {
      let mark = combiningClass(change.scalar)
      // No pair composes whose second scalar is below U+0300.
      if change.scalar >= 0x300, let starter, lastClass.map({ $0 < mark }) ?? true,
        let composite = Hangul.composite(result[starter].scalar, change.scalar)
          ?? Decompositions.canonical.composite(result[starter].scalar, change.scalar)
      {
        result[starter].scalar = composite
        result[starter].shift += change.shift - 1
        continue
      }
      if mark == 0 {
        starter = result.count
        lastClass = nil
      } else {
        lastClass = mark
      }
      result.append(change)
    }
    return result
  }
}

/// The canonical combining class, 0 for what the library's tables (Unicode 9) do not know yet.
private func combiningClass(_ scalar: UInt32) -> UInt8 {
  guard scalar >= 0x300, let properties = Unicode.Scalar(scalar)?.properties else { return 0 }
  let number = properties.canonicalCombiningClass.rawValue
  return number == 0 || UnicodeForm.isKnown(properties) ? number : 0
}

/// Hangul syllables, which are computed (The Unicode Standard, section 3.12).
private enum Hangul {
  private static let syllables: UInt32 = 0xac00
  private static let leading: UInt32 = 0x1100
  private static let vowels: UInt32 = 0x1161
  private static let trailing: UInt32 = 0x11a7

  static func isSyllable(_ scalar: UInt32) -> Bool { (syllables..<syllables + 11172).contains(scalar) }

  static func isTrailingJamo(_ scalar: UInt32) -> Bool {
    (vowels..<vowels + 21).contains(scalar) || (trailing + 1..<trailing + 28).contains(scalar)
  }

  static func decomposition(of scalar: UInt32) -> [UInt32]? {
    guard isSyllable(scalar) else { return nil }
    let index = scalar - syllables
    let pair = [leading + index / 588, vowels + index % 588 / 28]
    return index % 28 == 0 ? pair : pair + [trailing + index % 28]
  }

  static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (leading..<leading + 19).contains(first), (vowels..<vowels + 21).contains(second) {
      return syllables + (first - leading) * 588 + (second - vowels) * 28
    }
    if isSyllable(first), (first - syllables) % 28 == 0, (trailing + 1..<trailing + 28).contains(second) {
      return first + second - trailing
    }
    return nil
  }
}
