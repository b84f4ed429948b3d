// Splitting at a pattern, and the pre-tokenizers that are nothing but that.

import SafeIO

/// `Split`, `Digits`, `Punctuation`, `Whitespace`, `WhitespaceSplit` and `CharDelimiterSplit`.
struct SplitPreTokenizer: PreTokenizer {
  private let pattern: TextPattern
  private let behavior: SplitBehavior
  private var isInverted = false

  static let betweenWhitespace = SplitPreTokenizer(
    pattern: .scalars { ScalarClass.isWhitespace($0) }, behavior: .removed)

  /// `\w+|[^\w\s]+` as the `regex` crate has it, whose `\w` is wider than Oniguruma's.
  static let wordsAndSymbols = SplitPreTokenizer(
    pattern: .runs { ScalarClass.isWord($0) ? 0 : ScalarClass.isWhitespace($0) ? nil : 1 },
    behavior: .removed,
    isInverted: true)

  private init(pattern: TextPattern, behavior: SplitBehavior, isInverted: Bool = false) {
    self.pattern = pattern
    self.behavior = behavior
    self.isInverted = isInverted
  }

  init(_ fields: Fields) throws(Failure) {
    pattern = try TextPattern(fields, "pattern")
    behavior = try SplitBehavior(fields, "behavior")
    isInverted = try fields.bool("invert", default: false)
  }

  init(digits fields: Fields) throws(Failure) {
    pattern = .scalars { ScalarClass.isNumeric($0) }
    behavior = try fields.bool("individual_digits") ? .isolated : .contiguous
  }

  init(punctuation fields: Fields) throws(Failure) {
    pattern = .scalars { ScalarClass.isPunctuation($0) }
    behavior = try SplitBehavior(fields, "behavior", default: .isolated)
  }

  init(delimiter fields: Fields) throws(Failure) {
    pattern = .string(ByteSearch([UInt8](try fields.string("delimiter").utf8)))
    behavior = .removed
  }

  func split(_ words: inout Words) throws(Failure) {
    try words.split(pattern, behavior, inverted: isInverted)
  }
}
