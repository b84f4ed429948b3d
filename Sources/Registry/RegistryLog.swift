// log.jsonl: append-only, each entry holding the digest of the one before, so that no entry can be changed, removed
// or slipped in without the chain showing where. The log is the truth about channels; see Channels.swift.

import Glibc
import SafeIO

/// The log of a registry, as it was read.
package struct RegistryLog: Sendable {
  package private(set) var entries: [LogEntry] = []
  /// Why the entries end before the file does: the first entry that does not fit the chain.
  package private(set) var fault: Failure?
  /// Bytes after the last complete line: an entry whose writer died, which never counted.
  package private(set) var tornBytes = 0

  private let path: String
  private static let maximumBytes = 256 << 20

  /// Reads and checks the log; a registry without one has an empty log.
  package init(path: String) throws(Failure) {
    self.path = path
    guard Files.exists(path) else { return }
    let bytes = try Files.read(path: path, limit: RegistryLog.maximumBytes)
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      do throws(Failure) {
        let source = "\(path): entry \(entries.count + 1)"
        entries.append(try LogEntry(line: [UInt8](rest[..<end]), after: entries.last, source: source))
      } catch {
        fault = error
        return
      }
      rest = rest[(end + 1)...]
    }
    tornBytes = rest.count
  }

  /// Appends an entry and makes it durable, in place of a torn one; only for the holder of the registry's lock.
  @discardableResult
  package mutating func append(_ action: LogEntry.Action, _ details: JSONObject) throws(Failure) -> LogEntry {
    if let fault { throw fault }
    let entry = LogEntry(after: entries.last, action: action, details: details)
    let isNew = !Files.exists(path)
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw .io(path, "append", errno: errno) }
    defer { close(descriptor) }
    let start = lseek(descriptor, 0, SEEK_END)
    let end = start - off_t(tornBytes)
    guard start >= 0, tornBytes == 0 || ftruncate(descriptor, end) == 0 else {
      throw .io(path, "append", errno: errno)
    }
    do throws(Failure) {
      let line = [UInt8]((entry.text + "\n").utf8)
      try line.withUnsafeBufferPointer { bytes throws(Failure) in
        try Files.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor, path: path)
      }
      guard fsync(descriptor) == 0 else { throw .io(path, "sync", errno: errno) }
    } catch {
      // A full disk may have taken half a line.
      ftruncate(descriptor, end)
      throw error
    }
    if isNew { try Files.sync(Files.parent(of: path)) }
    tornBytes = 0
    entries.append(entry)
    return entry
  }
}
