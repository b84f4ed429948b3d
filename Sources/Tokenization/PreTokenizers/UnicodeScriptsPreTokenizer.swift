// Words of one script each; spaces belong to any. What is written in Japanese is one script. Behaviour of the
// `tokenizers` library, pre_tokenizers/unicode_scripts.

import SafeIO

/// `UnicodeScripts`.
struct UnicodeScriptsPreTokenizer: PreTokenizer {
  func split(_ words: inout Words) throws(Failure) {
    // What has no script joins any; at the start of a word the library drops it.
    try words.trimStarts { Self.script(of: $0) == nil }
    try words.cut { bytes, range in
      var places: [Int] = []
      var last: String?
      var index = range.lowerBound
      while index < range.upperBound {
        let (scalar, length) = UTF8Text.scalar(in: bytes, at: index)
        if let script = Self.script(of: scalar) {
          if let last, last != script { places.append(index) }
          last = script
        }
        index += length
      }
      return places
    }
  }

  /// The script in Unicode 9, which the library's table has; nil for a space and what is not assigned there.
  private static func script(of scalar: UInt32) -> String? {
    guard scalar != 0x20, let properties = Unicode.Scalar(scalar)?.properties, UnicodeForm.isKnown(properties)
    else {
      return nil
    }
    switch scalar {
    case 0x30fc: return "han"
    case 0x589, 0x61c: return "common"
    case 0x953, 0x954: return "devanagari"
    default:
      let script = ScriptRanges.script(of: scalar)
      return script == "hiragana" || script == "katakana" ? "han" : script
    }
  }
}
