// An artifact as one file: a tar archive under zstd, its manifest first, so that whoever reads it from beginning to end can
// check each file against it as it comes. The same artifact gives the same bytes. `tar --zstd` reads it, and what that has
// packed is read here, if a manifest is in it and holds.

import Glibc
import SafeIO
import TensorCore

/// Packing artifacts; `ArchiveUnpacking` is the way back.
package enum Archive {
  /// What went through.
  package struct Contents: Sendable {
    package let manifest: Manifest
    /// Bytes of all files.
    package let byteCount: Int
    /// Bytes of the archive.
    package let archiveSize: Int

    /// How many files, the manifest included.
    package var fileCount: Int { manifest.files.count + 1 }
  }

  // MARK: Packing

  /// Packs an artifact; what is hashed is what is packed.
  ///
  /// - Throws: `Failure`: `refused` when the folder is not what its manifest says, `io`, `interrupted`.
  @discardableResult
  package static func pack(
    _ directory: String, to path: String, progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> Contents {
    let manifest = try Manifest(directory: directory)
    try check(manifest, against: directory)
    let output = try AtomicFile(path: path)
    let writer = ZstdWriter(output, threads: ThreadPool.shared.threads)
    var byteCount = manifest.bytes.count
    guard let name = TreePath(Manifest.fileName) else { preconditionFailure("the manifest's name is a path") }
    try append(TarHeader.blocks(file: name, size: manifest.bytes.count), to: writer)
    try append(manifest.bytes + TarHeader.padding(after: manifest.bytes.count), to: writer)
    progress?.begin("packing", total: manifest.files.count)
    let digests = Dictionary(uniqueKeysWithValues: manifest.subjects.map { ($0.path, $0.sha256) })
    for (index, file) in manifest.files.sorted().enumerated() {
      byteCount += try pack(file, below: directory, sha256: digests[file], to: writer)
      progress?.advance(to: index + 1, detail: file.text)
    }
    try append(TarHeader.end, to: writer)
    try writer.finish()
    progress?.end(summary: nil)
    try output.finish()
    return Contents(manifest: manifest, byteCount: byteCount, archiveSize: writer.size)
  }

  /// Refuses what hashing the listed files while they are packed would not show.
  private static func check(_ manifest: Manifest, against directory: String) throws(Failure) {
    func refuse(_ what: String) -> Failure {
      .refused("\(directory): is not what its manifest says: \(what); see mlt verify \(directory)")
    }
    guard manifest.isUnchanged else { throw refuse("changed \(Manifest.fileName)") }
    let listed = Set(manifest.files)
    for path in try FileTree(directory).regularFiles()
    where !listed.contains(path) && path.text != Manifest.fileName {
      throw refuse("added \(path)")
    }
    for (log, sha256) in manifest.byproducts {
      let bytes = try log.reproducible(below: directory)
      guard bytes.map({ Digest.sha256($0) }) == sha256 else { throw refuse("changed \(log.path)") }
    }
  }

  private static func pack(
    _ file: TreePath, below directory: String, sha256: String?, to writer: ZstdWriter
  ) throws(Failure) -> Int {
    let descriptor = try FileTree.open(file, below: directory)
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    close(descriptor)
    guard isKnown else { throw .io("\(directory)/\(file)", "read", errno: errno) }
    let size = Int(status.st_size)
    try append(TarHeader.blocks(file: file, size: size), to: writer)
    var left = size
    let changed = Failure.refused(
      "\(directory)/\(file): is not what the manifest says, or changed while it was packed")
    let found = try Digest.file(file, below: directory) { piece throws(Failure) in
      left -= piece.count
      guard left >= 0 else { throw changed }
      try writer.append(piece)
    }
    guard left == 0, sha256.map({ $0 == found.sha256 }) ?? true else { throw changed }
    try append(TarHeader.padding(after: size), to: writer)
    return size
  }

  private static func append(_ bytes: [UInt8], to writer: ZstdWriter) throws(Failure) {
    try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
      try writer.append(UnsafeRawBufferPointer(bytes))
    }
  }
}
