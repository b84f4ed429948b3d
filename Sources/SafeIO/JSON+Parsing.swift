// Reading JSON (RFC 8259), strictly: duplicate keys, deep nesting, stray bytes and invalid UTF-8 are errors with a
// line and a column. Unsafe memory: the parser walks a buffer it was lent, every access behind a bounds check.

extension JSON {
  /// How deep arrays and objects may nest.
  package static let maximumDepth = 64

  /// Parses one JSON value that fills the whole text.
  /// - Parameter source: the name used in errors, normally the file.
  /// - Throws: `Failure.badData` with line and column.
  package static func parse(_ bytes: UnsafeRawBufferPointer, source: String) throws(Failure) -> JSON {
    var parser = JSONParser(bytes: bytes, source: source)
    return try parser.document()
  }

  package static func parse(_ bytes: [UInt8], source: String) throws(Failure) -> JSON {
    try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
      try parse(UnsafeRawBufferPointer(buffer), source: source)
    }
  }

  package static func parse(_ text: String, source: String) throws(Failure) -> JSON {
    try parse([UInt8](text.utf8), source: source)
  }

  /// Parses a file.
  ///
  /// - Parameter acceptingInfinity: whether `Infinity` is a number, as in files that Python wrote.
  package static func read(path: String, limit: Int = 256 << 20, acceptingInfinity: Bool = false)
    throws(Failure)
    -> JSON
  {
    let bytes = try Files.read(path: path, limit: limit)
    return try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
      var parser = JSONParser(bytes: UnsafeRawBufferPointer(buffer), source: path)
      parser.acceptsInfinity = acceptingInfinity
      return try parser.document()
    }
  }
}

private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let source: String
  var acceptsInfinity = false
  var position = 0

  init(bytes: UnsafeRawBufferPointer, source: String) {
    self.bytes = bytes
    self.source = source
  }

  mutating func document() throws(Failure) -> JSON {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("expected the end, found \(found())") }
    return value
  }

  private mutating func value(depth: Int) throws(Failure) -> JSON {
    guard depth <= JSON.maximumDepth else { throw error("is nested deeper than \(JSON.maximumDepth)") }
    switch peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "I") where acceptsInfinity: return try word("Infinity", .double(.infinity))
    case .some(let byte) where byte == UInt8(ascii: "-") || byte.isDigit: return try number()
    default: throw error("expected a JSON value, found \(found())")
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSON {
    var object = JSONObject()
    position += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(object) }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw error("expected a key in quotes, found \(found())") }
      let key = try string()
      guard object[key] == nil else {
        throw error("the key \"\(key.prefix(80))\" stands twice in one object")
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("expected ':' after a key, found \(found())") }
      skipSpace()
      object[key] = try value(depth: depth + 1)
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(object) }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or '}', found \(found())") }
      skipSpace()
    }
  }

  private mutating func array(depth: Int) throws(Failure) -> JSON {
    var elements: [JSON] = []
    position += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or ']', found \(found())") }
      skipSpace()
    }
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    let start = position
    while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      position += 1
    }
    if peek() == UInt8(ascii: "\"") {
      let text = try utf8(bytes[start..<position])
      position += 1
      return text
    }
    var content = [UInt8](bytes[start..<position])
    while true {
      switch peek() {
      case UInt8(ascii: "\""):
        let text = try utf8(content)
        position += 1
        return text
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &content)
      case .some(let byte) where byte >= 0x20:
        content.append(byte)
        position += 1
      case .some(let byte): throw error("a string holds the control character \(byte), it must be escaped")
      case nil: throw error("a string does not end")
      }
    }
  }

  private func utf8(_ content: some Sequence<UInt8>) throws(Failure) -> String {
    guard let text = String(validating: content, as: UTF8.self) else { throw error("a string is not UTF-8") }
    return text
  }

  private mutating func escape(into content: inout [UInt8]) throws(Failure) {
    guard let byte = peek() else { throw error("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(8)
    case UInt8(ascii: "f"): content.append(12)
    case UInt8(ascii: "n"): content.append(10)
    case UInt8(ascii: "r"): content.append(13)
    case UInt8(ascii: "t"): content.append(9)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code >> 10 == 0x36 {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
          throw error("half of a surrogate pair")
        }
        let low = try hexadecimal()
        guard low >> 10 == 0x37 else { throw error("half of a surrogate pair") }
        code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
      content.append(contentsOf: UTF8.encode(scalar).map { [UInt8]($0) } ?? [])
    default: throw error("unknown escape '\\\(Character(Unicode.Scalar(byte)))'")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("expected four hexadecimal digits after '\\u'")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  private mutating func number() throws(Failure) -> JSON {
    let start = position
    var isInteger = true
    _ = take(UInt8(ascii: "-"))
    let leadingZero = peek() == UInt8(ascii: "0")
    let digits = skipDigits()
    guard digits > 0, !(leadingZero && digits > 1) else { throw error("malformed number") }
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw error("malformed number") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw error("malformed number") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger {
      if let value = Int(text) { return .integer(value) }
      guard text.utf8.count <= 400 else { throw error("a number has more than 400 digits") }
      return .bigInteger(text)
    }
    guard let value = Double(text), value.isFinite else {
      throw error("the number \(text.prefix(40)) is out of range")
    }
    return .double(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = peek(), byte.isDigit { position += 1 }
    return position - start
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(Failure) -> JSON {
    let length = word.utf8CodeUnitCount
    guard position + length <= bytes.count,
      (0..<length).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
    else { throw error("expected a JSON value, found \(found())") }
    position += length
    return value
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 32 || byte == 10 || byte == 13 || byte == 9 { position += 1 }
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private func found() -> String {
    guard let byte = peek() else { return "the end of the text" }
    return byte > 0x20 && byte < 0x7f ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  private func error(_ problem: String) -> Failure {
    var line = 1
    var lineStart = 0
    for index in 0..<min(position, bytes.count) where bytes[index] == 10 {
      line += 1
      lineStart = index + 1
    }
    return .badData("\(source): line \(line), column \(position - lineStart + 1)", problem)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
}
