// What a step looks for: a plain string, a regular expression, or scalars of a kind.

import SafeIO

/// A pattern that finds places in a text.
enum TextPattern: Sendable {
  case string(ByteSearch)
  case regex(Regex)
  /// Each scalar by itself for which the function holds.
  case scalars(@Sendable (UInt32) -> Bool)
  /// The longest runs of scalars of one kind; those without a kind lie between.
  case runs(@Sendable (UInt32) -> Int?)

  /// `{"String": …}` or `{"Regex": …}` under `key`.
  init(_ fields: Fields, _ key: String) throws(Failure) {
    let pattern = try fields.fields(key)
    if let string = try pattern.optionalString("String") {
      self = .string(ByteSearch([UInt8](string.utf8)))
    } else {
      self = .regex(try Regex(try pattern.string("Regex"), source: fields.source))
    }
  }

  /// The matches in `bytes[range]`, ascending.
  func matches(in bytes: [UInt8], _ range: Range<Int>) throws(Failure) -> [Range<Int>] {
    switch self {
    case .string(let search): return search.all(in: bytes, range)
    case .regex(let regex): return try regex.matches(in: bytes, range)
    case .scalars(let isWanted):
      var found: [Range<Int>] = []
      var index = range.lowerBound
      while index < range.upperBound {
        let (value, length) = UTF8Text.scalar(in: bytes, at: index)
        if isWanted(value) { found.append(index..<index + length) }
        index += length
      }
      return found
    case .runs(let kind):
      var found: [Range<Int>] = []
      var lastKind: Int?
      var index = range.lowerBound
      while index < range.upperBound {
        let (value, length) = UTF8Text.scalar(in: bytes, at: index)
        let kind = kind(value)
        if let kind, kind == lastKind, let last = found.last {
          found[found.count - 1] = last.lowerBound..<index + length
        } else if kind != nil {
          found.append(index..<index + length)
        }
        lastKind = kind
        index += length
      }
      return found
    }
  }
}
