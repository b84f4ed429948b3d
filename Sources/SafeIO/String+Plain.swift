// Names that are also file names and arguments.

extension String {
  /// Whether it holds nothing but lower-case ASCII letters, digits and the characters of `marks`.
  package func isPlain(allowing marks: String) -> Bool {
    utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || marks.utf8.contains(byte)
    }
  }
}
