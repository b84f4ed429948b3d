// A file mapped for reading. Unsafe memory: the pointer is handed out, and stays valid as long as the object.

import Glibc

/// A regular file, mapped read-only for as long as this object lives.
///
/// The descriptor is kept, so the bytes are those of the file that was opened even when its name is given to
/// another file. A file that is cut short by someone else while it is mapped is not protected against.
package final class MappedFile: Sendable {
  package let path: String
  package let count: Int
  // Immutable after `init`, read-only memory: safe to share.
  private nonisolated(unsafe) let base: UnsafeRawPointer?

  /// Maps the file.
  /// - Throws: `Failure` (`notFound`, `io`), and `badData` for anything but a regular file.
  package convenience init(path: String) throws(Failure) {
    let descriptor = try Files.openForReading(path)
    defer { close(descriptor) }
    try self.init(descriptor: descriptor, path: path)
  }

  /// Maps a regular file that is open, and stays so.
  /// - Throws: `Failure.io`.
  package init(descriptor: Int32, path: String) throws(Failure) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .io(path, "read", errno: errno) }
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      base = nil
      return
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw .io(path, "map", errno: errno)
    }
    base = UnsafeRawPointer(address)
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
  }

  /// The content; valid while the object lives.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Tells the kernel that a range was read and will not be needed again, so that a streaming pass over a large
  /// file does not fill memory.
  package func forget(_ range: Range<Int>) {
    guard let base else { return }
    let page = Int(getpagesize())
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard end > start else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }
}
