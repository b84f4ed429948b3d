// What lies in a folder, without following a link: neither to a file nor through a linked folder. Each step down is
// an `openat` with O_NOFOLLOW, so a folder that is exchanged for a link while we look is refused, not followed.

import Glibc
import SafeIO

/// The files below a folder.
package struct FileTree {
  /// What stands under a name.
  package enum Kind: Sendable {
    case file
    case symbolicLink
    /// A pipe, a socket or a device.
    case special
  }

  package struct Entry: Sendable {
    package let path: TreePath
    package let kind: Kind
  }

  /// Everything below `root` that is not a folder, in code point order; empty folders leave no trace.
  package let entries: [Entry]
  package let root: String

  private static let maximumEntries = 1_000_000

  /// Lists a folder.
  /// - Throws: `Failure` when it can't be read, holds a name that is not UTF-8 or has control characters, or is
  ///   deeper than `TreePath.maximumDepth`.
  package init(_ root: String) throws(Failure) {
    self.root = root
    let descriptor = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .io(root, "list", errno: errno) }
    var found: [Entry] = []
    try FileTree.walk(descriptor, prefix: "", root: root, into: &found)
    entries = found.sorted { $0.path < $1.path }
  }

  /// The paths of the regular files.
  /// - Throws: `Failure.badData` that names a link or special file, which an artifact can't hold.
  package func regularFiles() throws(Failure) -> [TreePath] {
    for entry in entries where entry.kind != .file {
      let what = entry.kind == .symbolicLink ? "a symbolic link" : "not a regular file"
      throw .badData("\(root)/\(entry.path)", "is \(what); only regular files have a digest")
    }
    return entries.map(\.path)
  }

  /// Opens a regular file below `root` without following links; the caller closes the descriptor.
  package static func open(_ path: TreePath, below root: String) throws(Failure) -> Int32 {
    var folder = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .io(root, "open", errno: errno) }
    var parts = path.parts
    let name = parts.removeLast()
    for part in parts {
      let next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      let code = errno
      close(folder)
      guard next >= 0 else { throw .io("\(root)/\(path)", "open", errno: code) }
      folder = next
    }
    let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    let code = errno
    close(folder)
    guard file >= 0 else {
      if code == ELOOP { throw .badData("\(root)/\(path)", "is a symbolic link") }
      throw .io("\(root)/\(path)", "open", errno: code)
    }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      throw .badData("\(root)/\(path)", "is not a regular file")
    }
    return file
  }

  /// Adds what lies in the folder `descriptor`, which is closed here.
  private static func walk(
    _ descriptor: Int32, prefix: String, root: String, into found: inout [Entry]
  ) throws(Failure) {
    guard let folder = fdopendir(descriptor) else {
      let code = errno
      close(descriptor)
      throw .io(root, "list", errno: code)
    }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      try Interruption.check()
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { [UInt8]($0.prefix { $0 != 0 }) }
      if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) { continue }
      guard let name = String(validating: bytes, as: UTF8.self), let path = TreePath(prefix + name) else {
        let shown = String(decoding: bytes, as: UTF8.self).debugDescription
        throw .badData(
          "\(root)/\(prefix)",
          "the name \(shown) is not UTF-8, has control characters or lies too deep; rename it")
      }
      var status = stat()
      guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        throw .io("\(root)/\(path)", "read", errno: errno)
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        let next = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard next >= 0 else { throw .io("\(root)/\(path)", "list", errno: errno) }
        try walk(next, prefix: "\(path)/", root: root, into: &found)
      case S_IFREG: found.append(Entry(path: path, kind: .file))
      case S_IFLNK: found.append(Entry(path: path, kind: .symbolicLink))
      default: found.append(Entry(path: path, kind: .special))
      }
      guard found.count <= maximumEntries else {
        throw .badData(root, "holds more than \(maximumEntries) files")
      }
    }
  }
}
