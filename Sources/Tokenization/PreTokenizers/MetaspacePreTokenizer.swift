// SentencePiece's view of words: a space is a visible character that belongs to the word after it.

import SafeIO

/// `Metaspace`.
struct MetaspacePreTokenizer: PreTokenizer {
  private let settings: MetaspaceSettings

  private static let space = ByteSearch([UInt8(ascii: " ")])

  init(_ fields: Fields) throws(Failure) { settings = try MetaspaceSettings(fields) }

  func split(_ words: inout Words) throws(Failure) {
    let mark = settings.replacement
    try words.replace(Self.space, with: mark)
    if settings.prepends != .never {
      let onlyFirst = settings.prepends == .first
      try words.prepend(mark) { range, text in
        !text.bytes[range].starts(with: mark) && (!onlyFirst || text.isFromStart(range.lowerBound))
      }
    }
    if settings.splits { try words.split(.string(ByteSearch(mark)), .mergedWithNext) }
  }
}

/// What `Metaspace` says in tokenizer.json, as pre-tokenizer and as decoder.
struct MetaspaceSettings: Sendable {
  /// Where the mark is put before a word that has none.
  enum Prepending: String {
    case always
    case never
    /// Only at the start of the original text.
    case first
  }

  let replacement: [UInt8]
  let prepends: Prepending
  let splits: Bool

  init(_ fields: Fields) throws(Failure) {
    let mark = try fields.string("replacement")
    guard mark.unicodeScalars.count == 1 else {
      throw fields.complaint("replacement", "expected one character, found '\(mark.prefix(20))'")
    }
    replacement = [UInt8](mark.utf8)
    splits = try fields.bool("split", default: true)
    let scheme = try fields.string("prepend_scheme", default: "always")
    guard let known = Prepending(rawValue: scheme) else {
      throw fields.complaint("prepend_scheme", "expected always, never or first, found '\(scheme)'")
    }
    // Files from before `prepend_scheme` say it with `add_prefix_space`.
    prepends = try fields.bool("add_prefix_space", default: true) ? known : .never
  }
}
