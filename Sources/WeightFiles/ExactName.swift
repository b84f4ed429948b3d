// Names of tensors are compared by their bytes. Swift's strings compare by canonical equivalence, but `\u00e9` and
// `e\u0301` are two names to every other program, and a file may hold both.

/// A name as a key of dictionaries and sets.
struct ExactName: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ExactName, right: ExactName) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
