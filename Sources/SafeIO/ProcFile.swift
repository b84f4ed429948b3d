// Reading what the kernel says about the process and the machine. Such files have no size in advance, so they are read
// to their end.

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

  /// What the first line for a key says in a file of lines `key: value`, such as /proc/cpuinfo; nil where there is none.
  package static func field(_ key: String, of path: String) -> Substring? {
    for line in text(path)?.split(separator: "\n") ?? [] where line.hasPrefix(key) {
      let rest = line.dropFirst(key.count).drop(while: isBlank)
      if rest.first == ":" { return rest.dropFirst().drop(while: isBlank) }
    }
    return nil
  }

  /// A field of /proc/self/status (proc(5)).
  package static func status(_ key: String) -> Substring? { field(key, of: "/proc/self/status") }

  /// A field of /proc/self/status that the kernel gives in kibibytes, in bytes; 0 where there is none.
  package static func memory(_ key: String) -> Int {
    (status(key)?.prefix { $0.isNumber }).flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }

  private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
}
