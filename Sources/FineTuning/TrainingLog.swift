// The log of a run: one JSON object a line, appended as it happens, so that a killed run leaves a log that parses
// up to its last whole line.

import Glibc
import SafeIO

/// The open `log.jsonl` of a run.
package final class TrainingLog {
  private let path: String
  private let descriptor: Int32

  /// Opens the log, keeping the lines of the steps before `step` only: what a resumed run will do again is removed.
  /// - Throws: `Failure.io`.
  package init(path: String, keepingStepsBefore step: Int) throws(Failure) {
    self.path = path
    if Files.exists(path) {
      let text = String(decoding: try Files.read(path: path), as: UTF8.self)
      let kept = text.split(separator: "\n").filter { line in
        guard let json = try? JSON.parse(String(line), source: path), let found = json["step"]?.intValue
        else {
          return false
        }
        return found < step
      }
      try Files.writeAtomically(kept.map { "\($0)\n" }.joined(), to: path)
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .io(path, "create", errno: errno) }
  }

  deinit { close(descriptor) }

  /// Appends one line.
  package func append(_ line: JSONObject) throws(Failure) {
    let bytes = [UInt8]((JSON.object(line).text(.python) + "\n").utf8)
    try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
      try Files.writeAll(UnsafeRawBufferPointer(buffer), to: descriptor, path: path)
    }
  }
}
