// Walks the JSON text of a safetensors header without building a tree of it: a header may list a million tensors in
// 100 MB, and a JSON value for each of them would be ten times that. The grammar is narrow, so the walk is short:
// one object of objects, strings, and arrays of integers. Unsafe memory: reads a lent buffer behind bounds checks.

import SafeIO

/// Reads a safetensors header from left to right.
struct SafetensorsHeaderScanner {
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private var position = 0

  /// - Parameter bytes: the header, without the eight bytes of its length; must outlive the scanner.
  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// Reads `{ "key": …, … }`, calling `member` after each key and colon to read the value.
  mutating func object(
    _ member: (_ key: String, inout SafetensorsHeaderScanner) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(key, &self)
    } while take(",")
    try expect("}")
  }

  /// Reads an array of integers ≥ 0, at most `limit` of them.
  mutating func integers(atMost limit: Int) throws(Failure) -> [Int] {
    try expect("[")
    var values: [Int] = []
    if take("]") { return values }
    repeat {
      guard values.count < limit else { throw error("expected at most \(limit) integers") }
      values.append(try integer())
    } while take(",")
    try expect("]")
    return values
  }

  /// Reads a quoted string.
  mutating func string() throws(Failure) -> String {
    skipSpace()
    let start = position
    guard take("\"") else { throw error("expected a string in quotes, found \(found())") }
    var isPlain = true
    while let byte = peek(), byte != UInt8(ascii: "\"") {
      isPlain = isPlain && byte != UInt8(ascii: "\\") && byte >= 0x20
      position += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else { throw error("a string does not end") }
    position += 1
    if isPlain {
      guard let text = String(validating: bytes[start + 1..<position - 1], as: UTF8.self) else {
        throw error("a string is not UTF-8")
      }
      return text
    }
    // Escapes are rare: the general parser knows them.
    let quoted = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    return try JSON.parse(quoted, source: "\(path): header byte \(start)").stringValue ?? ""
  }

  /// Reads `null` when it stands here.
  mutating func takeNull() -> Bool {
    skipSpace()
    guard bytes[position...].starts(with: "null".utf8) else { return false }
    position += 4
    return true
  }

  /// Checks that only white space is left.
  mutating func end() throws(Failure) {
    skipSpace()
    guard position == bytes.count else { throw error("expected the end of the header, found \(found())") }
  }

  /// An error at the current byte of the header.
  func error(_ problem: String) -> Failure { .badData("\(path): header byte \(position)", problem) }

  private mutating func integer() throws(Failure) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      let (scaled, scaleOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = scaled.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !scaleOverflow, !sumOverflow else { throw error("an integer does not fit 63 bits") }
      value = sum
      position += 1
    }
    let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
    let isInteger =
      position > start && ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(peek())
    guard isInteger, !hasLeadingZero else {
      throw error("expected an integer of 0 or more, found \(found())")
    }
    return value
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard take(character) else { throw error("expected '\(character)', found \(found())") }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 32 || byte == 10 || byte == 13 || byte == 9 { position += 1 }
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private func found() -> String {
    guard let byte = peek() else { return "the end of the header" }
    return byte > 0x20 && byte < 0x7f ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
  }
}
