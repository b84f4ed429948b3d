// The normalization tables against the platform's own Unicode library.

import Foundation
import SafeIO
import Testing
import Tokenization

@Suite struct UnicodeFormTests {
  @Test(arguments: ["NFC", "NFD", "NFKC", "NFKD"])
  func `every character of Unicode 9 normalizes as the platform does`(form: String) throws {
    let tokenizer = try TinyTokenizer.normalizing(["type": .string(form)])
    let scalars = (UInt32(1)..<0x2fa20).compactMap { Unicode.Scalar($0) }.filter { scalar in
      scalar != "\n" && (scalar.properties.age.map { $0.major <= 9 } ?? false)
        && scalar.properties.generalCategory != .privateUse
    }
    let text = scalars.map { String($0) }.joined(separator: "\n")
    let normalized = try tokenizer.normalized(text).unicodeScalars.split(separator: "\n")
    #expect(normalized.count == scalars.count)
    for (scalar, result) in zip(scalars, normalized) {
      let expected = platform(form, String(scalar))
      #expect(String(result).isExactly(expected), "U+\(String(scalar.value, radix: 16))")
    }
  }

  @Test(arguments: [
    "e\u{301}\u{323}", "q\u{307}\u{323}", "\u{1100}\u{1161}\u{11a8}", "a\u{5ae}\u{2ed}\u{300}\u{315}b",
    "\u{915}\u{93c}", "\u{212b}", "ﬁ\u{301}", "か\u{3099}",
  ])
  func `marks are sorted and composed`(text: String) throws {
    for form in ["NFC", "NFD", "NFKC", "NFKD"] {
      let tokenizer = try TinyTokenizer.normalizing(["type": .string(form)])
      #expect(try tokenizer.normalized(text).isExactly(platform(form, text)), "\(form)")
    }
  }

  private func platform(_ form: String, _ text: String) -> String {
    switch form {
    case "NFC": text.precomposedStringWithCanonicalMapping
    case "NFD": text.decomposedStringWithCanonicalMapping
    case "NFKC": text.precomposedStringWithCompatibilityMapping
    default: text.decomposedStringWithCompatibilityMapping
    }
  }
}
