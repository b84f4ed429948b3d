// Puts a string in place of another, normally a space in place of `▁`.

import SafeIO

/// `Replace` as a decoder.
struct ReplaceDecoder: TokenDecoder {
  private let pattern: TextPattern
  private let content: [UInt8]

  init(_ fields: Fields) throws(Failure) {
    pattern = try TextPattern(fields, "pattern")
    content = [UInt8](try fields.string("content").utf8)
  }

  func decode(_ tokens: [String]) -> [String] {
    tokens.map { String(decoding: replaced([UInt8]($0.utf8)), as: UTF8.self) }
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] { replaced(bytes) }

  private func replaced(_ bytes: [UInt8]) -> [UInt8] {
    if case .string(let search) = pattern { return search.replacing(in: bytes, with: content) }
    // Decoding can't fail: where a regular expression backtracks without end, the token stays as it is.
    let text = [UInt8](String(decoding: bytes, as: UTF8.self).utf8)
    guard let matches = try? pattern.matches(in: text, 0..<text.count) else { return bytes }
    var result: [UInt8] = []
    var position = 0
    for match in matches {
      result += text[position..<match.lowerBound] + content
      position = match.upperBound
    }
    return result + text[position...]
  }
}
