// All or nothing for a folder: it is filled in a hidden place beside its target, synced, and renamed.

import Glibc

/// Folders that appear whole or not at all.
package enum OutputDirectory {
  /// Lets `body` fill a staging folder, then gives it the name `target`.
  ///
  /// - Parameters:
  ///   - target: where the folder appears.
  ///   - overwrite: whether a folder that is already there is replaced, in one step.
  ///   - body: fills the staging folder whose path it gets.
  /// - Throws: `Failure.usage` when the target exists and may not be replaced; what `body` throws.
  package static func create<R>(
    at target: String, overwrite: Bool, _ body: (_ staging: String) throws -> R
  ) throws -> R {
    try checkFree(target, overwrite: overwrite)
    try Files.makeDirectory(Files.parent(of: target))
    try PartialName.removeStale(of: target)
    let staging = PartialName.path(of: target)
    try Files.removeTree(staging)
    guard mkdir(staging, 0o777) == 0 else { throw Failure.io(target, "create", errno: errno) }
    do {
      let result = try body(staging)
      try Interruption.check()
      try syncTree(staging)
      try moveIntoPlace(staging, target, overwrite: overwrite)
      return result
    } catch {
      try? Files.removeTree(staging)
      throw error
    }
  }

  /// Throws when `target` exists and may not be replaced, so that a command can say so before hours of work.
  package static func checkFree(_ target: String, overwrite: Bool) throws(Failure) {
    var status = stat()
    guard lstat(target, &status) == 0 else { return }
    guard overwrite else {
      throw .usage("\(target) exists already; give another --out, or --overwrite to replace it")
    }
    guard Files.isDirectory(target) else {
      throw .usage("\(target) is a file, a folder is to be written there")
    }
  }

  private static func syncTree(_ path: String) throws(Failure) {
    if Files.isDirectory(path) {
      for name in try Files.list(path) { try syncTree("\(path)/\(name)") }
    }
    try Files.sync(path)
  }

  /// Renames, exchanging the two folders first when there is an old one, so that the name does not stand empty.
  private static func moveIntoPlace(_ staging: String, _ target: String, overwrite: Bool) throws(Failure) {
    if overwrite && Files.exists(target) {
      try FolderRename().swap(staging, with: target)
      try Files.sync(Files.parent(of: target))
      try Files.removeTree(staging)
    } else {
      try FolderRename().move(staging, to: target)
      try Files.sync(Files.parent(of: target))
    }
  }
}
