// One writer at a time. The lock is the kernel's (`flock`), so it ends with the process that holds it, however that
// process ends, and nothing stale is ever left behind.

import Glibc

/// An exclusive lock on a file, held for as long as this object lives.
package final class FileLock: Sendable {
  /// A child process that inherits it holds the lock as well, until both have ended.
  package let descriptor: Int32

  /// Waits for the lock, and stays interruptible meanwhile.
  ///
  /// - Parameter waiting: called once when another holds the lock.
  /// - Throws: `Failure.io` when the file can't be made; `interrupted`.
  package init(path: String, waiting: () -> Void = {}) throws(Failure) {
    var isFirst = true
    while true {
      if let descriptor = try FileLock.attempt(path) {
        self.descriptor = descriptor
        return
      }
      if isFirst { waiting() }
      isFirst = false
      try Interruption.check()
      usleep(20_000)
    }
  }

  /// Takes the lock, or gives nil when another holds it.
  ///
  /// - Throws: `Failure.io` when the file can't be made.
  package init?(unlessHeld path: String) throws(Failure) {
    guard let descriptor = try FileLock.attempt(path) else { return nil }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func attempt(_ path: String) throws(Failure) -> Int32? {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw .io(path, "lock", errno: errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let code = errno
    close(descriptor)
    guard code == EWOULDBLOCK || code == EINTR else { throw .io(path, "lock", errno: code) }
    return nil
  }
}
