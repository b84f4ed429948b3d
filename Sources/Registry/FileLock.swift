// One writer at a time. The lock is the kernel's (`flock`), so it ends with the process that holds it, however that
// process ends, and nothing stale is ever left behind.

import Glibc
import SafeIO

/// An exclusive lock on a file, held for as long as this object lives.
package final class FileLock {
  private let descriptor: Int32

  /// Waits for the lock, and stays interruptible meanwhile.
  /// - Throws: `Failure.io` when the file can't be made; `interrupted`.
  package convenience init(path: String) throws(Failure) {
    while true {
      if let descriptor = try FileLock.attempt(path) {
        self.init(descriptor: descriptor)
        return
      }
      try Interruption.check()
      usleep(20_000)
    }
  }

  /// Takes the lock if it is free.
  package static func ifFree(path: String) throws(Failure) -> FileLock? {
    try attempt(path).map(FileLock.init(descriptor:))
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

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
