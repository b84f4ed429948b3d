// Puts a string in place of every match of a pattern.

import SafeIO

/// `Replace`.
struct ReplaceNormalizer: Normalizer {
  private let pattern: TextPattern
  private let content: [UInt8]

  init(_ fields: Fields) throws(Failure) {
    pattern = try TextPattern(fields, "pattern")
    content = [UInt8](try fields.string("content").utf8)
  }

  func normalize(_ text: inout AlignedText) throws(Failure) {
    try text.replace(pattern.matches(in: text.bytes, 0..<text.bytes.count), with: content)
  }
}
