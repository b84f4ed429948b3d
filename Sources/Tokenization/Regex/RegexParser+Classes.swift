// Sets of characters in a pattern: escapes such as `\p{L}`, and classes in brackets with what Oniguruma allows in them.

extension RegexParser {
  /// Escapes that name a set, in and outside of brackets.
  mutating func setEscape(_ kind: Unicode.Scalar) throws(Problem) -> ScalarSet.Expression? {
    switch kind {
    case "s": return .whitespace
    case "S": return .complement(.whitespace)
    case "d": return .decimalDigit
    case "D": return .complement(.decimalDigit)
    case "w": return .word
    case "W": return .complement(.word)
    case "h": return .hexadecimalDigit
    case "H": return .complement(.hexadecimalDigit)
    case "p", "P":
      guard take("{") else { throw Problem("expected '{' after '\\\(kind)'") }
      let isNegated = take("^") != (kind == "P")
      var name = ""
      while true {
        let scalar = try next("in a property's name")
        if scalar == "}" { break }
        name.unicodeScalars.append(scalar)
      }
      guard let set = ScalarSet.Expression.named(name) else {
        throw Problem("the character property '\(name.prefix(40))' is not supported")
      }
      return isNegated ? .complement(set) : set
    default: return nil
    }
  }

  /// Escapes that stand for one scalar.
  mutating func scalarEscape(_ kind: Unicode.Scalar) throws(Problem) -> UInt32 {
    switch kind {
    case "t": return 0x09
    case "n": return 0x0a
    case "v": return 0x0b
    case "f": return 0x0c
    case "r": return 0x0d
    case "a": return 0x07
    case "e": return 0x1b
    case "0": return 0x00
    case "u": return try hexadecimal(digits: 4)
    case "x":
      guard take("{") else { return try hexadecimal(digits: 2) }
      var value: UInt32 = 0
      while !take("}") {
        value = value << 4 | (try hexadecimal(digits: 1))
        guard value <= 0x10_ffff else { throw Problem("a code point is larger than 10FFFF") }
      }
      return value
    case "a"..."z", "A"..."Z", "1"..."9": throw Problem("the escape '\\\(kind)' is not supported")
    default: return kind.value
    }
  }

  private mutating func hexadecimal(digits: Int) throws(Problem) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      let scalar = try next("in a hexadecimal escape")
      guard let digit = Character(scalar).hexDigitValue else { throw Problem("expected a hexadecimal digit") }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// A class after its `[` or `[^`.
  mutating func characterClass() throws(Problem) -> ScalarSet.Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw Problem("classes nest deeper than \(Self.maximumDepth)") }
    var intersected: [ScalarSet.Expression] = []
    var parts: [ScalarSet.Expression] = []
    var isFirst = true
    func union() -> ScalarSet.Expression { parts.count == 1 ? parts[0] : .union(parts) }
    while true {
      let scalar = try next("in a class")
      if scalar == "]" && !isFirst { break }
      isFirst = false
      if scalar == "&" && peek == "&" {
        position += 1
        intersected.append(union())
        parts = []
      } else if scalar == "[" {
        if let posix = try posixClass() {
          parts.append(posix)
        } else {
          let isNegated = take("^")
          let inner = try characterClass()
          parts.append(isNegated ? .complement(inner) : inner)
        }
      } else {
        parts.append(try classItem(scalar))
      }
    }
    return intersected.isEmpty ? union() : .intersection(intersected + [union()])
  }

  /// `:alpha:]` after a `[` inside a class.
  private mutating func posixClass() throws(Problem) -> ScalarSet.Expression? {
    guard peek == ":" else { return nil }
    let start = position
    position += 1
    let isNegated = take("^")
    var name = ""
    while let scalar = peek, scalar.properties.isAlphabetic {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    // In brackets punctuation has the symbols with it.
    let punctuation = ScalarSet.Expression.categories(GeneralCategory.punctuation | GeneralCategory.symbols)
    guard take(":"), take("]"), let set = name == "punct" ? punctuation : .named(name) else {
      position = start
      return nil
    }
    return isNegated ? .complement(set) : set
  }

  /// A scalar, a range or a named set inside brackets.
  private mutating func classItem(_ scalar: Unicode.Scalar) throws(Problem) -> ScalarSet.Expression {
    var first = scalar.value
    if scalar == "\\" {
      let kind = try next("after '\\'")
      if let set = try setEscape(kind) { return set }
      first = kind == "b" ? 0x08 : try scalarEscape(kind)
    }
    guard peek == "-", position + 1 < pattern.count, pattern[position + 1] != "]" else {
      return .scalar(first)
    }
    let dash = position
    position += 1
    let end = try next("in a range")
    var last = end.value
    if end == "[" {
      position = dash
      return .scalar(first)
    }
    if end == "\\" {
      let kind = try next("after '\\'")
      if try setEscape(kind) != nil {
        position = dash
        return .scalar(first)
      }
      last = try scalarEscape(kind)
    }
    guard first <= last else { throw Problem("a range in a class is reversed") }
    return .ranges([first...last])
  }
}
