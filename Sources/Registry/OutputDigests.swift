// Digests of outputs that are ready when the outputs are. What is hashed is read back from the file, so the digest is that
// of the bytes as they are there.

import SafeIO

/// Hashes files while they are written, each on a thread of its own.
package final class OutputDigests: FileFollower {
  private var files: [(path: String, digest: Background<(size: Int, sha256: String)>)] = []

  package init() {}

  package func follow(_ file: GrowingFile) {
    files.append((file.path, Background { () throws(Failure) in try Digest.file(file) }))
  }

  /// The digests of the files that were written below a folder, and still have the size that was hashed; waits for them.
  /// - Throws: `Failure.io` for a file that can't be read, or was not finished.
  package func files(below directory: String) throws(Failure) -> [Digest.Tree.File] {
    var found: [Digest.Tree.File] = []
    for file in files where file.path.hasPrefix("\(directory)/") {
      guard let path = TreePath(String(file.path.dropFirst(directory.count + 1))) else { continue }
      let (size, sha256) = try file.digest.value()
      guard try Files.size(file.path) == size else { continue }
      found.append(Digest.Tree.File(path: path, size: size, sha256: sha256))
    }
    return found
  }
}
