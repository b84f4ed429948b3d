// Joins all tokens into one, so that the steps after it see the whole text.

/// `Fuse`.
struct FuseDecoder: TokenDecoder {
  func decode(_ tokens: [String]) -> [String] { [tokens.joined()] }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    isFused = true
    return bytes
  }
}
