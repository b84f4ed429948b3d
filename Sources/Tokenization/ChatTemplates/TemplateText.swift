// Operations on text as Python has them: by code point, without regard to graphemes. (Swift sees "\r\n" as one
// character and "e" with a combining accent as equal to "é"; a template must not.)

/// Functions of text.
enum TemplateText {
  static func equal(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    let isEqual = left.utf8.withContiguousStorageIfAvailable { left in
      right.utf8.withContiguousStorageIfAvailable { left.elementsEqual($0) }
    }
    return isEqual.flatMap { $0 } ?? left.utf8.elementsEqual(right.utf8)
  }

  static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  static func contains(_ part: String, in text: String) -> Bool {
    // What is longer needs no search, and no table for it.
    guard part.utf8.count <= text.utf8.count else { return false }
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

  /// How often `part`, which is not empty, stands in `bytes` without overlap.
  static func count(_ part: [UInt8], in bytes: [UInt8], limit: Int = .max) -> Int {
    guard part.count <= bytes.count else { return 0 }
    let search = ByteSearch(part)
    var count = 0
    var start = 0
    while count < limit, let place = search.first(in: bytes, start..<bytes.count) {
      count += 1
      start = place.upperBound
    }
    return count
  }

  /// `text` with `old` replaced, at most `limit` times.
  static func replace(_ text: String, _ old: String, with new: String, limit: Int = .max) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var count = 0
    var start = 0
    if old.isEmpty {
      for byte in bytes {
        if count < limit, byte & 0xc0 != 0x80 {
          result += new.utf8
          count += 1
        }
        result.append(byte)
      }
      if count < limit { result += new.utf8 }
      return String(decoding: result, as: UTF8.self)
    }
    let search = ByteSearch(Array(old.utf8))
    while count < limit, let place = search.first(in: bytes, start..<bytes.count) {
      result += bytes[start..<place.lowerBound]
      result += new.utf8
      start = place.upperBound
      count += 1
    }
    return String(decoding: result + bytes[start...], as: UTF8.self)
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

  /// The lines of `text` as `splitlines` cuts them, at most `limit`.
  static func lines(_ text: String, keepingEnds: Bool = false, limit: Int = .max) -> [String] {
    let ends: Set<UInt32> = [0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029]
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    var index = 0
    while index < scalars.count, lines.count < limit {
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

  // MARK: Case and kinds of letters

  /// The text in lower case; a capital sigma that ends a word becomes the final one.
  static func lowercased(_ text: String) -> String {
    guard text.unicodeScalars.contains("\u{3a3}") else { return text.lowercased() }
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      guard scalar == "\u{3a3}" else {
        result += scalar.properties.lowercaseMapping
        continue
      }
      let isCased = { (scalar: Unicode.Scalar) in scalar.properties.isCased }
      let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
      let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
      let isFinal = before.map(isCased) ?? false && !(after.map(isCased) ?? false)
      result += isFinal ? "\u{3c2}" : "\u{3c3}"
    }
    return result
  }

  /// The first letter of the text in upper case, the others in lower case.
  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    // The first letter stays while the others change: it may precede a sigma.
    let lowered = lowercased(text).unicodeScalars.dropFirst(
      first.properties.lowercaseMapping.unicodeScalars.count)
    return first.properties.titlecaseMapping + String(Substring(lowered))
  }

  /// As `capitalized`, for every run of letters.
  static func titled(_ text: String) -> String {
    let lowered = lowercased(text)
    // Final sigmas need what stands around them; else lengths of mappings could differ.
    let isMapped = lowered.unicodeScalars.count == text.unicodeScalars.count
    var result = ""
    var isInside = false
    for (scalar, lower) in zip(text.unicodeScalars, isMapped ? lowered.unicodeScalars : text.unicodeScalars) {
      let mapping = isMapped ? String(lower) : scalar.properties.lowercaseMapping
      result += isInside ? mapping : scalar.properties.titlecaseMapping
      isInside = scalar.properties.isCased
    }
    return result
  }

  /// Words, as the filter `title` sees them: what stands between blanks and opening brackets.
  static func titledWords(_ text: String) -> String {
    let isSeparator = { (scalar: Unicode.Scalar) in isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar)
    }
    var result = ""
    var rest = Substring(text).unicodeScalars
    while let first = rest.first {
      let word = isSeparator(first) ? rest.prefix(while: isSeparator) : rest.prefix { !isSeparator($0) }
      result += first.properties.uppercaseMapping + lowercased(String(Substring(word.dropFirst())))
      rest = rest[word.endIndex...]
    }
    return result
  }

  static func swappingCase(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      let properties = scalar.properties
      if properties.isUppercase { return properties.lowercaseMapping }
      return properties.isLowercase ? properties.uppercaseMapping : String(scalar)
    }.joined()
  }

  /// Whether each run of letters begins with a capital and goes on without one.
  static func isTitled(_ text: String) -> Bool {
    var (isInside, hasLetters) = (false, false)
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      let isUpper = properties.isUppercase || properties.generalCategory == .titlecaseLetter
      if isUpper && isInside || properties.isLowercase && !isInside { return false }
      isInside = isUpper || properties.isLowercase
      hasLetters = hasLetters || isInside
    }
    return hasLetters
  }

  static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first else { return false }
    return (first == "_" || first.properties.isXIDStart)
      && text.unicodeScalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
  }

  /// What Python's `isalpha` says.
  static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
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
          result += escape(scalar)
        }
      }
    }
    return result + quote
  }

  /// The text with escapes for all that is not ASCII.
  static func escapedToASCII(_ text: String) -> String {
    text.unicodeScalars.map { $0.isASCII ? String($0) : escape($0) }.joined()
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
    return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
  }

  /// What Python's `isprintable` says.
  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }
}
