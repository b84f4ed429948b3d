// SHA-256 over files and folders. Files are read, not mapped: a file that someone cuts short meanwhile gives a wrong
// digest, not the death of the process. Several are hashed at a time, since a digest is one chain that no second thread
// can help with.

import Glibc
import SafeIO
import TensorCore

/// SHA-256 digests as 64 lowercase hexadecimal digits.
package enum Digest {
  /// The digests of all files of a folder.
  package struct Tree: Sendable {
    package struct File: Sendable, Equatable {
      package let path: TreePath
      /// Bytes.
      package let size: Int
      package let sha256: String
    }

    /// In code point order of their paths.
    package let files: [File]

    /// One digest for the whole: of the lines `<sha256>  <path>\n` in order, which is what
    /// `find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum` computes (without the `./`).
    package var digest: String { Digest.sha256(files.map { "\($0.sha256)  \($0.path)\n" }.joined()) }

    /// Total size in bytes.
    package var byteCount: Int { files.reduce(0) { $0 + $1.size } }
  }

  package static func sha256(_ bytes: some Sequence<UInt8>) -> String {
    ContiguousArray(bytes).withUnsafeBytes {
      var hash = SHA256()
      hash.update($0)
      return hash.hexadecimal()
    }
  }

  package static func sha256(_ text: String) -> String { sha256(text.utf8) }

  /// The digest of a regular file; a link in its path is followed.
  package static func sha256(path: String) throws(Failure) -> String {
    let descriptor = try Files.openForReading(path)
    defer { close(descriptor) }
    return try stream(from: reading(descriptor, path)) { _ in }.sha256
  }

  /// The digest of a file that is still being written, and its size in bytes.
  static func file(_ file: GrowingFile) throws(Failure) -> (size: Int, sha256: String) {
    try stream(from: file.read) { _ in }
  }

  /// The digests of every file below a folder.
  /// - Throws: `Failure`; `badData` when the folder holds a symbolic link or a special file.
  package static func tree(_ directory: String) throws(Failure) -> Tree {
    Tree(files: try files(FileTree(directory).regularFiles(), below: directory))
  }

  /// The digests of a model folder as the hub's tools leave it: links into their cache are followed, and hidden files, which
  /// are their notes, are passed over.
  /// - Throws: `Failure`; `badData` when a link leads to no regular file, or the folder holds a special file.
  static func download(_ directory: String) throws(Failure) -> Tree {
    let entries = try FileTree(directory).entries.filter { entry in
      !entry.path.parts.contains { $0.hasPrefix(".") }
    }
    return Tree(
      files: try Background.map(entries, threads: ThreadPool.shared.threads) { entry throws(Failure) in
        let path = "\(directory)/\(entry.path)"
        switch entry.kind {
        case .file: return try file(entry.path, below: directory)
        case .symbolicLink:
          return Tree.File(path: entry.path, size: try Files.size(path), sha256: try sha256(path: path))
        case .special: throw .badData(path, "is not a regular file; only regular files have a digest")
        }
      })
  }

  /// The digest of a file or, for a folder, of its tree.
  package static func path(_ path: String) throws(Failure) -> String {
    Files.isDirectory(path) ? try tree(path).digest : try sha256(path: path)
  }

  /// The digest of one file below a folder; no link is followed.
  package static func file(_ path: TreePath, below root: String) throws(Failure) -> Tree.File {
    try file(path, below: root) { _ in }
  }

  /// The digests of files below a folder, in the order of `paths`; no link is followed.
  static func files(_ paths: [TreePath], below root: String) throws(Failure) -> [Tree.File] {
    try Background.map(paths, threads: ThreadPool.shared.threads) { path throws(Failure) in
      try file(path, below: root)
    }
  }

  /// Also gives each piece of the content to `body`, so that the bytes used are the bytes hashed.
  static func file(
    _ path: TreePath, below root: String, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> Tree.File {
    let descriptor = try FileTree.open(path, below: root)
    defer { close(descriptor) }
    let (size, sha256) = try stream(from: reading(descriptor, "\(root)/\(path)"), body)
    return Tree.File(path: path, size: size, sha256: sha256)
  }

  /// Whether a text from outside is a digest, and so safe as a file name.
  package static func isValid(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
      }
  }

  /// Fills a buffer with what comes next, and says how many bytes that were; 0 at the end.
  typealias Reading = (UnsafeMutableRawBufferPointer) throws(Failure) -> Int

  private static func reading(_ descriptor: Int32, _ path: String) -> Reading {
    { buffer throws(Failure) in try Files.read(descriptor, into: buffer, path: path) }
  }

  /// Hashes to the end in pieces that stay in the cache between reading and hashing; `body` gets each of them.
  static func stream(
    from read: Reading, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> (size: Int, sha256: String) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    var hash = SHA256()
    var size = 0
    while true {
      try Interruption.check()
      let got = try read(buffer)
      if got == 0 { break }
      let piece = UnsafeRawBufferPointer(rebasing: buffer[..<got])
      hash.update(piece)
      try body(piece)
      size += got
    }
    return (size, hash.hexadecimal())
  }
}
