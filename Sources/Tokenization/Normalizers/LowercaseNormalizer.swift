// Lower case, scalar by scalar, without regard to language or context.

/// `Lowercase`.
struct LowercaseNormalizer: Normalizer {
  func normalize(_ text: inout AlignedText) {
    if text.mapASCII({ 0x41...0x5a ~= $0 ? $0 + 0x20 : $0 }) { return }
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(text.bytes.count)
    for value in text.scalars {
      guard let scalar = Unicode.Scalar(value) else { continue }
      for (index, lower) in scalar.properties.lowercaseMapping.unicodeScalars.enumerated() {
        changes.append(.init(scalar: lower.value, shift: index == 0 ? 0 : 1))
      }
    }
    text.transform(changes)
  }
}
