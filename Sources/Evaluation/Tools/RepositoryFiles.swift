// The files of a repository as a strategy may see them: regular files only, found without following a link, so
// that nothing outside the folder can be reached by name.

import Registry
import SafeIO

/// The listing of a repository, taken once.
struct RepositoryFiles {
  let root: String
  /// Relative paths with `/`, in code point order.
  let paths: [String]
  private let known: Set<String>
  /// Symbolic links and special files, which are never opened.
  private let closed: Set<String>

  init(root: String) throws(Failure) {
    let tree = try FileTree(root)
    self.root = root
    paths = tree.entries.filter { $0.kind == .file }.map(\.path.text)
    known = Set(paths)
    closed = Set(tree.entries.filter { $0.kind != .file }.map(\.path.text))
  }

  func contains(_ path: String) -> Bool { known.contains(path) }

  /// `path` without `.` components; nil when it leaves the repository: absolute, with `..`, or through a link.
  func normalized(_ path: String) -> String? {
    guard !path.hasPrefix("/"), !path.utf8.contains(0) else { return nil }
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { return nil }
    for end in parts.indices where closed.contains(parts[...end].joined(separator: "/")) { return nil }
    return parts.joined(separator: "/")
  }
}
