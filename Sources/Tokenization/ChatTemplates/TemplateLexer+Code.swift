// What stands within a tag: names, numbers, strings and operators.

import SafeIO

extension TemplateLexer {
  /// Operators, longest first.
  private static let symbols: [StaticString] = [
    "//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", "<", ">",
    "=",
    ".", ":", "|", ",", ";",
  ]

  /// Reads up to the end of the tag and past it.
  mutating func code(isBlock: Bool, _ start: TemplatePlace) throws(Failure) {
    var open: [UInt8] = []
    while true {
      advance(to: skippingSpace(from: position))
      guard position < bytes.count else {
        throw failure("a tag does not end, '\(isBlock ? "%}" : "}}")' is missing", at: start)
      }
      // Within brackets an end of a tag is none: `{{ {'a': {}} }}`.
      if open.isEmpty, passTagEnd(isBlock: isBlock) { return }
      let byte = bytes[position]
      if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        try string(quote: byte)
      } else if byte.isTemplateDigit {
        try number()
      } else if byte.isTemplateLetter {
        var end = position + 1
        while end < bytes.count, bytes[end].isTemplateLetter || bytes[end].isTemplateDigit { end += 1 }
        let name = String(decoding: bytes[position..<end], as: UTF8.self)
        guard name.unicodeScalars.allSatisfy(\.properties.isXIDContinue) else {
          throw failure("'\(name.prefix(40))' is no name")
        }
        add(.name(name))
        advance(to: end)
      } else {
        try symbol(&open)
      }
    }
  }

  private mutating func passTagEnd(isBlock: Bool) -> Bool {
    let byte = bytes[position]
    let isSigned = byte == UInt8(ascii: "-") || isBlock && byte == UInt8(ascii: "+")
    let index = isSigned ? position + 1 : position
    guard isBlock ? has("%}", at: index) : has("}}", at: index) else { return false }
    add(isBlock ? .blockEnd : .outputEnd)
    passEnd(at: index, sign: isSigned ? byte : 0, trimsNewline: isBlock)
    return true
  }

  private mutating func symbol(_ open: inout [UInt8]) throws(Failure) {
    guard let symbol = Self.symbols.first(where: { has($0, at: position) }) else {
      let scalar = String(decoding: bytes[position...].prefix(4), as: UTF8.self).unicodeScalars.first
      throw failure("unexpected character '\(scalar.map(Character.init) ?? " ")'")
    }
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "("): open.append(UInt8(ascii: ")"))
    case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
    case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      guard open.popLast() == byte else { throw failure("unexpected '\(symbol)'") }
    default: break
    }
    add(.symbol("\(symbol)"))
    advance(to: position + symbol.utf8CodeUnitCount)
  }

  private mutating func number() throws(Failure) {
    var end = position
    let letter = end + 1 < bytes.count && bytes[end] == UInt8(ascii: "0") ? bytes[end + 1] | 0x20 : 0
    let radixes: [UInt8: Int] = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2]
    if let radix = radixes[letter] {
      end += 2
      let digits = digits(from: &end) { $0.isTemplateDigit || 0x61...0x66 ~= $0 | 0x20 }
      guard let value = Int(digits, radix: radix) else { throw failure("malformed number") }
      add(.integer(value))
      return advance(to: end)
    }
    var text = digits(from: &end) { $0.isTemplateDigit }
    var isDouble = false
    // After a dot stands an index: `items.0.1` has no number with a fraction.
    let followsDot = position > 0 && bytes[position - 1] == UInt8(ascii: ".")
    if !followsDot, end + 1 < bytes.count, bytes[end] == UInt8(ascii: "."), bytes[end + 1].isTemplateDigit {
      end += 1
      text += "." + digits(from: &end) { $0.isTemplateDigit }
      isDouble = true
    }
    if !followsDot, end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
      var index = end + 1
      var sign = ""
      if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
        sign = bytes[index] == UInt8(ascii: "-") ? "-" : ""
        index += 1
      }
      let exponent = digits(from: &index) { $0.isTemplateDigit }
      if !exponent.isEmpty {
        text += "e" + sign + exponent
        end = index
        isDouble = true
      }
    }
    if isDouble {
      guard let value = Double(text) else { throw failure("malformed number") }
      add(.double(value))
    } else {
      guard text.count == 1 || !text.hasPrefix("0") || text.allSatisfy({ $0 == "0" }) else {
        throw failure("malformed number")
      }
      add(Int(text).map { .integer($0) } ?? .bigInteger(text))
    }
    advance(to: end)
  }

  /// Digits with single underscores between them, which are left out.
  private func digits(from end: inout Int, _ isDigit: (UInt8) -> Bool) -> String {
    var text = ""
    while end < bytes.count {
      if isDigit(bytes[end]) {
        text.unicodeScalars.append(Unicode.Scalar(bytes[end]))
      } else if bytes[end] != UInt8(ascii: "_") || text.isEmpty || end + 1 >= bytes.count
        || !isDigit(bytes[end + 1])
      {
        break
      }
      end += 1
    }
    return text
  }

  private mutating func string(quote: UInt8) throws(Failure) {
    var content: [UInt8] = []
    var index = position + 1
    while index < bytes.count, bytes[index] != quote {
      if bytes[index] == UInt8(ascii: "\\") {
        index += 1
        try escape(&index, into: &content)
      } else {
        content.append(bytes[index])
        index += 1
      }
    }
    guard index < bytes.count else { throw failure("a string does not end") }
    add(.string(String(decoding: content, as: UTF8.self)))
    advance(to: index + 1)
  }

  /// Decodes an escape as Python does; `index` stands behind the backslash.
  private func escape(_ index: inout Int, into content: inout [UInt8]) throws(Failure) {
    guard index < bytes.count else { throw failure("a string does not end") }
    let byte = bytes[index]
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "a"): 7,
      UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5c,
      UInt8(ascii: "'"): 0x27, UInt8(ascii: "\""): 0x22,
    ]
    let lengths: [UInt8: Int] = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]
    if let plain = simple[byte] {
      content.append(plain)
      index += 1
    } else if byte == UInt8(ascii: "\n") {
      index += 1
    } else if let length = lengths[byte] {
      let digits = String(decoding: bytes[(index + 1)...].prefix(length), as: UTF8.self)
      guard digits.utf8.count == length, let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
      else { throw failure("a string has a malformed escape '\\\(Character(Unicode.Scalar(byte)))'") }
      content.append(contentsOf: Array(String(scalar).utf8))
      index += 1 + length
    } else if 0x30...0x37 ~= byte {
      var value: UInt32 = 0
      var count = 0
      while count < 3, index < bytes.count, 0x30...0x37 ~= bytes[index] {
        value = value * 8 + UInt32(bytes[index] - 0x30)
        index += 1
        count += 1
      }
      if let scalar = Unicode.Scalar(value) { content.append(contentsOf: Array(String(scalar).utf8)) }
    } else {
      content.append(UInt8(ascii: "\\"))
    }
  }
}

extension UInt8 {
  fileprivate var isTemplateDigit: Bool { 0x30...0x39 ~= self }

  /// Letters of names; all bytes beyond ASCII count as such.
  fileprivate var isTemplateLetter: Bool {
    0x61...0x7a ~= self | 0x20 || self == UInt8(ascii: "_") || self >= 0x80
  }
}
