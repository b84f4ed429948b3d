// All or nothing for a folder: it is filled in a hidden place beside its target, synced, and renamed. A process
// that dies leaves a staging folder whose name carries its process number; the next writer of the same target
// removes it, so nothing ever needs cleaning by hand.

import CLinux
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
    let parent = Files.parent(of: target)
    try Files.makeDirectory(parent)
    try removeStaleStaging(of: target)
    let staging = "\(parent)/\(stagingPrefix(target))\(getpid())"
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
    guard Files.exists(target) else { return }
    guard overwrite else {
      throw .usage("\(target) exists already; give another --out, or --overwrite to replace it")
    }
    guard Files.isDirectory(target) else {
      throw .usage("\(target) is a file, a folder is to be written there")
    }
  }

  private static func stagingPrefix(_ target: String) -> String { ".\(Files.name(of: target)).partial-" }

  /// Removes staging folders of the same target whose process is gone.
  private static func removeStaleStaging(of target: String) throws(Failure) {
    let parent = Files.parent(of: target)
    let prefix = stagingPrefix(target)
    for name in try Files.list(parent) where name.hasPrefix(prefix) {
      guard let process = Int32(name.dropFirst(prefix.count)) else { continue }
      if kill(process, 0) != 0 && errno == ESRCH { try Files.removeTree("\(parent)/\(name)") }
    }
  }

  private static func syncTree(_ path: String) throws(Failure) {
    if Files.isDirectory(path) {
      for name in try Files.list(path) { try syncTree("\(path)/\(name)") }
    }
    try Files.sync(path)
  }

  /// Renames, exchanging the two folders first when there is an old one, so that the name never stands empty.
  private static func moveIntoPlace(_ staging: String, _ target: String, overwrite: Bool) throws(Failure) {
    if overwrite && Files.exists(target) {
      guard mlt_rename_exchange(staging, target) == 0 else {
        throw .io(target, "replace", errno: errno)
      }
      try Files.sync(Files.parent(of: target))
      try Files.removeTree(staging)
      return
    }
    guard mlt_rename_exclusive(staging, target) == 0 else {
      if errno == EEXIST { throw .usage("\(target) appeared while this command ran; give another --out") }
      throw .io(target, "write", errno: errno)
    }
    try Files.sync(Files.parent(of: target))
  }
}
