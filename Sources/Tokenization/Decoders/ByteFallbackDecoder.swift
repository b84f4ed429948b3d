// Runs of byte tokens become characters.

/// `ByteFallback`.
struct ByteFallbackDecoder: TokenDecoder {
  /// A run that is valid UTF-8 becomes its text, any other one U+FFFD for each byte.
  func decode(_ tokens: [String]) -> [String] {
    var result: [String] = []
    var run: [UInt8] = []
    func endRun() {
      if run.isEmpty { return }
      if let text = String(validating: run, as: UTF8.self) {
        result.append(text)
      } else {
        result += Array(repeating: "\u{fffd}", count: run.count)
      }
      run = []
    }
    for token in tokens {
      if let byte = ByteFallback.byte(of: token) {
        run.append(byte)
      } else {
        endRun()
        result.append(token)
      }
    }
    endRun()
    return result
  }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    ByteFallback.byte(of: String(decoding: bytes, as: UTF8.self)).map { [$0] } ?? bytes
  }
}
