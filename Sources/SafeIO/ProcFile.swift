// Reading what the kernel says about the process. Such files have no size in advance, so they are read to their end.

import Glibc

/// Files under /proc and /sys.
package enum ProcFile {
  /// The text of a file under /proc or /sys; nil where there is none.
  package static func text(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while true {
      let byte = getc(file)
      guard byte != EOF else { return String(validating: bytes, as: UTF8.self) }
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
  }

  /// What follows `key:` on a line of /proc/self/status (proc(5)).
  package static func status(_ key: String) -> Substring? {
    text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix(key + ":") }?.dropFirst(
      key.count + 1)
  }
}
