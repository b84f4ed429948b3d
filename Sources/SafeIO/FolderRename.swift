// Giving a finished folder its name. Linux does it in one step, with the flags of renameat2(2); file systems without
// them (NFS, 9p, FUSE) answer EINVAL, and there it takes two.

import CLinux
import Glibc

/// Renames a folder to a name that is free, or exchanges it with the folder that has the name.
package struct FolderRename {
  /// Like rename(2): 0, or -1 with `errno`.
  package typealias Call = (_ from: String, _ to: String) -> Int32

  private let exclusive: Call
  private let exchange: Call

  /// - Parameters: what the system offers; a test puts in a file system that lacks it.
  package init(
    exclusive: @escaping Call = { mlt_rename_exclusive($0, $1) },
    exchange: @escaping Call = { mlt_rename_exchange($0, $1) }
  ) {
    self.exclusive = exclusive
    self.exchange = exchange
  }

  /// Gives `folder` the name `target`.
  /// - Throws: `Failure.usage` when the name is taken.
  package func move(_ folder: String, to target: String) throws(Failure) {
    var result = exclusive(folder, target)
    if result != 0 && isUnsupported {
      // A folder that another process makes between these two lines is taken if it holds anything, else replaced.
      guard !Files.exists(target) else { throw taken(target) }
      result = rename(folder, target)
    }
    guard result == 0 else {
      if errno == EEXIST || errno == ENOTEMPTY { throw taken(target) }
      throw .io(target, "write", errno: errno)
    }
  }

  /// Gives `folder` the name `target`, and what had that name the name of `folder`.
  package func swap(_ folder: String, with target: String) throws(Failure) {
    if exchange(folder, target) == 0 { return }
    guard isUnsupported else { throw .io(target, "replace", errno: errno) }
    let aside = "\(folder).old"
    guard rename(target, aside) == 0 else { throw .io(target, "replace", errno: errno) }
    guard rename(folder, target) == 0 else {
      let code = errno
      rename(aside, target)
      throw .io(target, "replace", errno: code)
    }
    guard rename(aside, folder) == 0 else { throw .io(aside, "remove", errno: errno) }
  }

  private var isUnsupported: Bool { errno == EINVAL || errno == ENOSYS }

  private func taken(_ target: String) -> Failure {
    .usage("\(target) appeared while this command ran; give another --out")
  }
}
