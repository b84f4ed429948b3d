// All or nothing for a file: it is filled under a hidden name beside its target, synced, and renamed.

import CLinux
import Glibc

/// A file that appears whole or not at all: when it is not finished, nothing of it stays.
package final class AtomicFile {
  package let path: String
  /// Where it is until it is finished, for libraries that write by name.
  package var partialPath: String { temporary }
  private let temporary: String
  private let descriptor: Int32
  private var isFinished = false
  /// How many bytes were appended.
  private var appended = 0
  /// The reader's end, when someone follows the file.
  private var growing: GrowingFile?
  private var written = RangeSet<Int>()

  /// Starts an empty file.
  ///
  /// - Parameters:
  ///   - path: where it appears when `finish` is called, in place of a file that is there.
  ///   - follower: who reads it while it is written; then no byte may be written twice.
  /// - Throws: `Failure.io`.
  package init(path: String, follower: (any FileFollower)? = nil) throws(Failure) {
    self.path = path
    temporary = PartialName.path(of: path)
    // In a folder that may be written but not listed, leftovers stay; that is no reason to refuse.
    try? PartialName.removeStale(of: path)
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .io(path, "create", errno: errno) }
    guard let follower else { return }
    let growing = try GrowingFile(path: path, temporary: temporary)
    self.growing = growing
    follower.follow(growing)
  }

  deinit {
    if !isFinished { growing?.abandon() }
    close(descriptor)
    if !isFinished { unlink(temporary) }
  }

  /// Adds bytes after those that were appended before.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    try write(bytes, at: appended)
    appended += bytes.count
  }

  /// From this size on, bytes are sent to the device when they are written, so that the device works while more are
  /// computed, and the sync at the end finds little left.
  private static let worthSending = 1 << 20

  /// Writes bytes at their place, whatever was written before.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
      if wrote < 0 && errno == EINTR { continue }
      guard wrote > 0 else { throw .io(path, "write", errno: errno) }
      done += wrote
    }
    // A file system that can't is no worse off than before.
    if bytes.count >= AtomicFile.worthSending { _ = mlt_start_writing(descriptor, offset, bytes.count) }
    if let growing {
      written.insert(contentsOf: offset..<offset + bytes.count)
      if let first = written.ranges.first, first.lowerBound == 0 { growing.grow(to: first.upperBound) }
    }
  }

  /// Makes the file `size` bytes long; what was not written reads as zeros.
  package func resize(to size: Int) throws(Failure) {
    guard ftruncate(descriptor, size) == 0 else { throw .io(path, "write", errno: errno) }
  }

  /// Gives the file its name, and first makes it durable.
  ///
  /// - Parameter durably: false in a staging folder, which is made durable as a whole before it gets its name.
  package func finish(durably: Bool = true) throws(Failure) {
    growing?.complete()
    guard !durably || fsync(descriptor) == 0 else { throw .io(path, "sync", errno: errno) }
    guard rename(temporary, path) == 0 else { throw .io(path, "write", errno: errno) }
    isFinished = true
    if durably { try Files.sync(Files.parent(of: path)) }
  }
}
