// The names of outputs that are not whole yet. A process that dies leaves what it was writing under a hidden name
// that carries its process number; the next writer of the same target removes it, so nothing ever needs cleaning
// by hand.

import Glibc

/// The hidden name, beside a target, under which this process fills it.
package enum PartialName {
  /// The path to fill before it is renamed to `target`.
  package static func path(of target: String) -> String {
    "\(Files.parent(of: target))/\(prefix(of: target))\(getpid())"
  }

  /// Removes what dead processes left of the same target.
  package static func removeStale(of target: String) throws(Failure) {
    let parent = Files.parent(of: target)
    let prefix = prefix(of: target)
    for name in try Files.list(parent) where name.hasPrefix(prefix) {
      guard let process = Int32(name.dropFirst(prefix.count).prefix { $0 != "." }) else { continue }
      if kill(process, 0) != 0 && errno == ESRCH { try Files.removeTree("\(parent)/\(name)") }
    }
  }

  private static func prefix(of target: String) -> String { ".\(Files.name(of: target)).partial-" }
}
