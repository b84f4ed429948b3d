// What a person or a pipe gives on standard input.

import Glibc
import SafeIO

/// Reading standard input.
enum StandardInput {
  /// All of it, as text; Ctrl-C ends the wait.
  static func text() throws(Failure) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      try Interruption.check()
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .io("standard input", "read", errno: errno) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badData("standard input", "is not UTF-8 text")
    }
    return text
  }
}
