// The name of a file inside an artifact. Swift compares strings by Unicode equivalence, file systems by bytes: two
// names that only look alike must stay two names, so this type compares bytes.

import SafeIO

/// A relative path with `/` between its parts that cannot leave its folder; equal and ordered by its bytes.
package struct TreePath: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  /// Accepts a path as it stands in a file from outside.
  ///
  /// The rules are those of the OpenSSF Model Signing specification (section on resource names): no leading `/`, no
  /// empty part, no `.` and `..`. Control characters are refused as well, since names are shown on terminals.
  /// - Returns: nil when a rule is broken.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let sane = parts.allSatisfy { part in
      !part.isEmpty && part.count <= 255 && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
    }
    guard sane, text.utf8.count <= 4_096, parts.count <= TreePath.maximumDepth else { return nil }
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else { return nil }
    self.text = text
  }

  /// How many folders deep a file may lie.
  package static let maximumDepth = 32

  /// The names from the outermost folder to the file.
  package var parts: [String] { text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) } }

  package var description: String { text }

  package static func == (left: TreePath, right: TreePath) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }

  /// Code point order, which is the order of the UTF-8 bytes.
  package static func < (left: TreePath, right: TreePath) -> Bool {
    left.text.precedes(right.text)
  }
}
