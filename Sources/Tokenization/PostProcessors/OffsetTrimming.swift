// Byte-level tokens carry the space before a word; offsets may leave it out.

/// Leaving white space at the ends of tokens out of their offsets.
enum OffsetTrimming {
  /// - Parameter addsPrefixSpace: one space before the first word was put in, and is in no offset.
  static func trimmed(_ encoding: Encoding, addsPrefixSpace: Bool) -> Encoding {
    var encoding = encoding
    for index in encoding.tokens.indices {
      let utf8 = encoding.tokens[index].utf8
      guard let first = utf8.first, let last = utf8.last, mayStartSpace(first) || mayEndSpace(last) else {
        continue
      }
      let scalars = encoding.tokens[index].unicodeScalars
      let leading = scalars.prefix(while: isSpace).count
      let trailing = scalars.reversed().prefix(while: isSpace).count
      var offset = encoding.offsets[index]
      if leading > 0 {
        let isPutIn = addsPrefixSpace && leading == 1 && (index == 0 || offset.lowerBound == 0)
        if !isPutIn { offset = min(offset.lowerBound + leading, offset.upperBound)..<offset.upperBound }
      }
      if trailing > 0 && offset.upperBound >= trailing {
        offset = offset.lowerBound..<max(offset.upperBound - trailing, offset.lowerBound)
      }
      encoding.offsets[index] = offset
    }
    return encoding
  }

  /// Whether a space can have this first byte: most tokens are done with here.
  private static func mayStartSpace(_ byte: UInt8) -> Bool { byte <= 0x20 || 0xc2...0xe3 ~= byte }

  private static func mayEndSpace(_ byte: UInt8) -> Bool { byte <= 0x20 || 0x80...0xaf ~= byte }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\u{120}" || ScalarClass.isWhitespace(scalar.value)
  }
}
