// What a file of a repository is, judged by its path alone: rules and the line-marking form treat each kind in its
// own way, and both must agree.

/// The kind of a file.
package enum FileKind: Sendable, Equatable, CaseIterable {
  case document
  case test
  /// Everything else: source code, and data such as JSON or CSV.
  case code
  case log

  /// The first rule that fits: log, document, test, else code.
  ///
  /// Comparisons are on the lowercased path.
  package init(path: String) {
    let parts = path.lowercased().split(separator: "/").map(String.init)
    let folders = parts.dropLast()
    let base = parts.last ?? ""
    let dot = base.lastIndex(of: ".")
    let stem = dot.map { String(base[..<$0]) } ?? base
    let ending = dot.map { String(base[base.index(after: $0)...]) } ?? ""
    if ["log", "out", "err"].contains(ending) || base.contains(".log.")
      || folders.contains(where: { $0 == "log" || $0 == "logs" })
    {
      self = .log
    } else if ["md", "rst", "txt", "adoc"].contains(ending) || dot == nil && Self.bareDocuments.contains(base)
    {
      self = .document
    } else if base.hasPrefix("test_") || base == "conftest.py"
      || ["_test", ".test", "_spec", ".spec"].contains(where: stem.hasSuffix)
      || folders.contains(where: { $0 == "test" || $0 == "tests" })
    {
      self = .test
    } else {
      self = .code
    }
  }

  private static let bareDocuments: Set<String> = [
    "readme", "license", "notice", "changelog", "contributing", "authors", "notes", "todo",
  ]
}
