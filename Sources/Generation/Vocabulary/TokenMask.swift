// A set of token ids, one bit each.

/// Which tokens of a vocabulary may be chosen.
package struct TokenMask: Sendable, Equatable {
  /// Ids run from 0 to `size - 1`.
  package let size: Int
  private var words: [UInt64]

  /// No token allowed.
  package init(size: Int) {
    self.size = size
    words = Array(repeating: 0, count: (size + 63) / 64)
  }

  /// Whether `id` is allowed; ids outside the vocabulary are not.
  package subscript(_ id: Int32) -> Bool {
    get {
      let index = Int(id)
      return index >= 0 && index < size && words[index >> 6] & (1 << UInt64(index & 63)) != 0
    }
    set {
      let index = Int(id)
      precondition(index >= 0 && index < size, "token id \(index) outside a vocabulary of \(size)")
      let bit: UInt64 = 1 << UInt64(index & 63)
      if newValue { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
    }
  }
}
