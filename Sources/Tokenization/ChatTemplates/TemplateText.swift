// Operations on text as Python has them: by code point, without regard to graphemes. (Swift sees "\r\n" as one
// character and "e" with a combining accent as equal to "é"; a template must not.)

/// Functions of text.
enum TemplateText {
  static func equal(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

  static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  static func contains(_ part: String, in text: String) -> Bool {
    let bytes = Array(text.utf8)
    return ByteSearch(Array(part.utf8)).first(in: bytes, 0..<bytes.count) != nil
  }

  /// The text between the places where `separator` stands, at most `limit` times counted from the left.
  static func split(_ text: String, by separator: String, limit: Int = .max) -> [String] {
    pieces(Array(text.utf8), ByteSearch(Array(separator.utf8)), limit)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// `separator` is not empty.
  private static func pieces(
    _ bytes: [UInt8], _ separator: ByteSearch, _ limit: Int
  ) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while pieces.count < limit, let place = separator.first(in: bytes, start..<bytes.count) {
      pieces.append(bytes[start..<place.lowerBound])
      start = place.upperBound
    }
    return pieces + [bytes[start...]]
  }

  /// As `split`, with places counted from the right.
  static func splitFromRight(_ text: String, by separator: String, limit: Int) -> [String] {
    pieces(text.utf8.reversed(), ByteSearch(separator.utf8.reversed()), limit)
      .reversed().map { String(decoding: $0.reversed(), as: UTF8.self) }
  }

  /// The words of `text`, at most `limit` cuts; the rest keeps its space.
  static func words(_ text: String, limit: Int = .max) -> [String] {
    var words: [String] = []
    var rest = Substring(text).unicodeScalars
    while true {
      rest = rest.drop(while: isSpace)
      guard !rest.isEmpty else { return words }
      if words.count >= limit {
        words.append(String(Substring(rest)))
        return words
      }
      let word = rest.prefix { !isSpace($0) }
      words.append(String(Substring(word)))
      rest = rest[word.endIndex...]
    }
  }

  /// `text` with `old` replaced, at most `limit` times.
  static func replace(_ text: String, _ old: String, with new: String, limit: Int = .max) -> String {
    guard old.isEmpty else { return split(text, by: old, limit: limit).joined(separator: new) }
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
      if count < limit { result += new }
      count += 1
      result.unicodeScalars.append(scalar)
    }
    return count < limit ? result + new : result
  }

  /// `text` without the characters at its ends; without space when `characters` is nil.
  static func strip(
    _ text: String, _ characters: String? = nil, leading: Bool = true, trailing: Bool = true
  ) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    let goes = { (scalar: Unicode.Scalar) in set?.contains(scalar) ?? isSpace(scalar) }
    var rest = Substring(text).unicodeScalars
    if leading { rest = rest.drop(while: goes) }
    if trailing { while let last = rest.last, goes(last) { rest.removeLast() } }
    return String(Substring(rest))
  }

  /// What Python's `isspace` says.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || 0x1c...0x1f ~= scalar.value
  }

  /// The lines of `text` as `splitlines` cuts them.
  static func lines(_ text: String, keepingEnds: Bool = false) -> [String] {
    let ends: Set<UInt32> = [0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029]
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      guard ends.contains(scalar.value) else {
        line.append(scalar)
        continue
      }
      if keepingEnds { line.append(scalar) }
      if scalar == "\r", index < scalars.count, scalars[index] == "\n" {
        if keepingEnds { line.append("\n") }
        index += 1
      }
      lines.append(String(line))
      line = String.UnicodeScalarView()
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  /// The first letter of the text in upper case, the others in lower case.
  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping
      + String(Substring(text.unicodeScalars.dropFirst())).lowercased()
  }

  /// As `capitalized`, for every run of letters, or for what follows the given characters.
  static func titled(_ text: String, after separators: String? = nil) -> String {
    var result = ""
    var isInside = false
    for scalar in text.unicodeScalars {
      result += isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInside =
        separators.map { !isSpace(scalar) && !$0.unicodeScalars.contains(scalar) }
        ?? scalar.properties.isCased
    }
    return result
  }

  /// The text as a Python literal.
  static func quoted(_ text: String) -> String {
    let quote = text.utf8.contains(0x27) && !text.utf8.contains(0x22) ? "\"" : "'"
    var result = quote
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "'" where quote == "'": result += "\\'"
      default:
        if isPrintable(scalar) {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          let width = scalar.value < 0x100 ? 2 : scalar.value < 0x10000 ? 4 : 8
          result += "\\\(width == 2 ? "x" : width == 4 ? "u" : "U")"
          result += String(repeating: "0", count: width - digits.count) + digits
        }
      }
    }
    return result + quote
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }
}
