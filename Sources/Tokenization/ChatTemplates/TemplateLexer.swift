// Splits a template into text and tags. White space around tags follows Jinja with trim_blocks and lstrip_blocks: the
// newline after a block or comment goes, and so do blanks before one that begins a line; `-` strips everything, `+`
// nothing. A newline that ends the template goes too.

import SafeIO

struct TemplateLexer {
  let bytes: [UInt8]
  let name: String
  var position = 0
  /// Where `position` is.
  var place = TemplatePlace()
  var tokens: [TemplateToken] = []
  /// Whether the text at `position` begins a line.
  private var startsLine = true

  init(source: String, name: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.utf8.count)
    var previous: UInt8 = 0
    for byte in source.utf8 {
      // All three kinds of line ends count as one.
      if byte == UInt8(ascii: "\r") {
        bytes.append(UInt8(ascii: "\n"))
      } else if byte != UInt8(ascii: "\n") || previous != UInt8(ascii: "\r") {
        bytes.append(byte)
      }
      previous = byte
    }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    self.bytes = bytes
    self.name = name
  }

  /// All tokens of a template; the last one is `.end`.
  static func tokens(of source: String, name: String) throws(Failure) -> [TemplateToken] {
    var lexer = TemplateLexer(source: source, name: name)
    while try lexer.next() {}
    return lexer.tokens
  }

  /// Reads text up to a tag, and the tag.
  private mutating func next() throws(Failure) -> Bool {
    var opening = position
    while opening < bytes.count, !isOpening(opening) { opening += 1 }
    guard opening < bytes.count else {
      text(position..<opening)
      add(.end)
      return false
    }
    let kind = bytes[opening + 1]
    let sign = opening + 2 < bytes.count ? bytes[opening + 2] : 0
    let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
    var end = opening
    if sign == UInt8(ascii: "-") {
      while end > position, bytes[end - 1].isTemplateSpace { end -= 1 }
    } else if sign != UInt8(ascii: "+"), kind != UInt8(ascii: "{") {
      var start = opening
      while start > position, bytes[start - 1].isTemplateSpace, bytes[start - 1] != UInt8(ascii: "\n") {
        start -= 1
      }
      if start > position ? bytes[start - 1] == UInt8(ascii: "\n") : startsLine { end = start }
    }
    text(position..<end)
    advance(to: opening)
    let start = place
    advance(to: opening + (isSigned ? 3 : 2))
    switch kind {
    case UInt8(ascii: "#"): try comment(start)
    case UInt8(ascii: "{"):
      tokens.append(TemplateToken(kind: .outputBegin, place: start))
      try code(isBlock: false, start)
    default:
      if try !raw(start) {
        tokens.append(TemplateToken(kind: .blockBegin, place: start))
        try code(isBlock: true, start)
      }
    }
    startsLine = bytes[position - 1] == UInt8(ascii: "\n")
    return true
  }

  private func isOpening(_ index: Int) -> Bool {
    guard bytes[index] == UInt8(ascii: "{"), index + 1 < bytes.count else { return false }
    let next = bytes[index + 1]
    return next == UInt8(ascii: "{") || next == UInt8(ascii: "%") || next == UInt8(ascii: "#")
  }

  private mutating func text(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    add(.text(String(decoding: bytes[range], as: UTF8.self)))
  }

  mutating func add(_ kind: TemplateToken.Kind) { tokens.append(TemplateToken(kind: kind, place: place)) }

  /// Moves on, and counts lines and columns.
  mutating func advance(to target: Int) {
    for byte in bytes[position..<target] {
      if byte == UInt8(ascii: "\n") {
        place.line += 1
        place.column = 1
      } else if byte & 0xc0 != 0x80 {
        place.column += 1
      }
    }
    position = target
  }

  func has(_ word: StaticString, at index: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard index + count <= bytes.count else { return false }
    return (0..<count).allSatisfy { bytes[index + $0] == word.utf8Start[$0] }
  }

  /// Passes the end of a tag and the white space that goes with it.
  /// - Parameter sign: the `-` or `+` before the end, or 0.
  mutating func passEnd(at index: Int, sign: UInt8, trimsNewline: Bool) {
    var target = index + 2
    if sign == UInt8(ascii: "-") {
      while target < bytes.count, bytes[target].isTemplateSpace { target += 1 }
    } else if sign != UInt8(ascii: "+"), trimsNewline, target < bytes.count,
      bytes[target] == UInt8(ascii: "\n")
    {
      target += 1
    }
    advance(to: target)
  }

  private mutating func comment(_ start: TemplatePlace) throws(Failure) {
    var index = position
    while index < bytes.count, !has("#}", at: index) { index += 1 }
    guard index < bytes.count else { throw failure("a comment does not end, '#}' is missing", at: start) }
    let sign = index > position ? bytes[index - 1] : 0
    passEnd(at: index, sign: sign, trimsNewline: true)
  }

  /// Reads `raw %}` with its text and `{% endraw %}`; false when another tag stands here.
  private mutating func raw(_ begin: TemplatePlace) throws(Failure) -> Bool {
    var index = skippingSpace(from: position)
    guard has("raw", at: index) else { return false }
    index = skippingSpace(from: index + 3)
    let isStripped = index < bytes.count && bytes[index] == UInt8(ascii: "-")
    if isStripped { index += 1 }
    guard has("%}", at: index) else { return false }
    passEnd(at: index, sign: isStripped ? UInt8(ascii: "-") : 0, trimsNewline: false)
    let start = position
    var opening = start
    while opening < bytes.count {
      defer { opening += 1 }
      guard has("{%", at: opening) else { continue }
      var index = opening + 2
      let sign = index < bytes.count ? bytes[index] : 0
      if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { index += 1 }
      index = skippingSpace(from: index)
      guard has("endraw", at: index) else { continue }
      index = skippingSpace(from: index + 6)
      var endSign: UInt8 = 0
      if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
        endSign = bytes[index]
        index += 1
      }
      guard has("%}", at: index) else { continue }
      var end = opening
      if sign == UInt8(ascii: "-") {
        while end > start, bytes[end - 1].isTemplateSpace { end -= 1 }
      } else if sign != UInt8(ascii: "+") {
        var blank = opening
        while blank > start, bytes[blank - 1] == 0x20 || bytes[blank - 1] == 9 { blank -= 1 }
        if blank > start, bytes[blank - 1] == UInt8(ascii: "\n") { end = blank }
      }
      text(start..<end)
      passEnd(at: index, sign: endSign, trimsNewline: true)
      return true
    }
    throw failure("a raw block does not end, '{% endraw %}' is missing", at: begin)
  }

  func skippingSpace(from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index].isTemplateSpace { index += 1 }
    return index
  }

  func failure(_ problem: String, at place: TemplatePlace? = nil) -> Failure {
    .badData(name, "\(place ?? self.place): \(problem)")
  }
}

extension UInt8 {
  /// White space within ASCII.
  var isTemplateSpace: Bool { self == 0x20 || 9...13 ~= self }
}
