// The order of names in files and listings. Swift's own is that of normalized text, which no other program follows.

extension String {
  /// Whether it comes first by UTF-8 bytes, which is code point order.
  package func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
