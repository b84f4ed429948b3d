// Reading and writing whole files, with errors that name the path.

import Glibc

/// Whole-file operations.
package enum Files {
  /// Opens a regular file; the caller closes the descriptor.
  package static func openForReading(_ path: String) throws(Failure) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .io(path, "open", errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw .badData(path, isFolder ? "is a folder, a file is expected" : "is not a regular file")
    }
    return descriptor
  }

  /// The content of a file of at most `limit` bytes.
  package static func read(path: String, limit: Int = 1 << 30) throws(Failure) -> [UInt8] {
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    var status = stat()
    fstat(descriptor, &status)
    guard Int(status.st_size) <= limit else {
      throw .badData(path, "has \(status.st_size) bytes, at most \(limit) are read")
    }
    var content = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < content.count {
      let got = content.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
      }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .io(path, "read", errno: errno) }
      if got == 0 { break }
      done += got
    }
    content.removeLast(content.count - done)
    return content
  }

  /// Reads what comes next from a descriptor.
  ///
  /// - Returns: how many bytes; 0 at the end.
  package static func read(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, path: String
  ) throws(Failure) -> Int {
    while true {
      let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if got >= 0 { return got }
      guard errno == EINTR else { throw .io(path, "read", errno: errno) }
    }
  }

  /// The content of a UTF-8 text file.
  package static func readText(path: String, limit: Int = 1 << 30) throws(Failure) -> String {
    let content = try read(path: path, limit: limit)
    guard let text = String(validating: content, as: UTF8.self) else {
      throw .badData(path, "is not UTF-8 text")
    }
    return text
  }

  /// Whether something is there; also true where that can't be known, so that whoever opens it learns why.
  package static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)
  }

  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Size in bytes of a file.
  package static func size(_ path: String) throws(Failure) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .io(path, "read", errno: errno) }
    return Int(status.st_size)
  }

  /// The names in a folder, in code point order, without `.` and `..`.
  package static func list(_ path: String) throws(Failure) -> [String] {
    guard let folder = opendir(path) else { throw .io(path, "list", errno: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.precedes($1) }
  }

  /// Makes a folder and those above it, durably: what is put there later must not vanish with its folder.
  package static func makeDirectory(_ path: String) throws(Failure) {
    if isDirectory(path) { return }
    let parent = parent(of: path)
    if parent != path { try makeDirectory(parent) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw .io(path, "make this folder", errno: errno)
    }
    try sync(parent)
  }

  /// Copies a file's bytes; not atomic, for use inside a staging folder.
  package static func copy(from source: String, to target: String) throws(Failure) {
    let input = try openForReading(source)
    defer { close(input) }
    let output = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard output >= 0 else { throw .io(target, "create", errno: errno) }
    defer { close(output) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let got = buffer.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .io(source, "read", errno: errno) }
      if got == 0 { return }
      try buffer.withUnsafeBufferPointer { bytes throws(Failure) in
        try writeAll(
          UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[..<got])), to: output, path: target)
      }
    }
  }

  /// Removes a file or a folder with all it holds; links are removed, not followed.
  package static func removeTree(_ path: String) throws(Failure) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try list(path) { try removeTree("\(path)/\(name)") }
      guard rmdir(path) == 0 else { throw .io(path, "remove", errno: errno) }
    } else {
      guard unlink(path) == 0 else { throw .io(path, "remove", errno: errno) }
    }
  }

  /// Puts `content` at `path`, whole or not at all.
  package static func writeAtomically(_ content: [UInt8], to path: String) throws(Failure) {
    let file = try AtomicFile(path: path)
    try content.withUnsafeBufferPointer { bytes throws(Failure) in
      try file.append(UnsafeRawBufferPointer(bytes))
    }
    try file.finish()
  }

  /// Puts UTF-8 `text` at `path`, whole or not at all.
  package static func writeAtomically(_ text: String, to path: String) throws(Failure) {
    try writeAtomically([UInt8](text.utf8), to: path)
  }

  /// Writes every byte to a descriptor.
  package static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let wrote = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if wrote < 0 && errno == EINTR { continue }
      guard wrote > 0 else { throw .io(path, "write", errno: errno) }
      done += wrote
    }
  }

  /// Makes a file or folder durable.
  package static func sync(_ path: String) throws(Failure) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .io(path, "sync", errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .io(path, "sync", errno: errno) }
  }

  /// The folder that holds `path`: `.` for a bare name.
  package static func parent(of path: String) -> String {
    let trimmed = trimmingSlashes(path)
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// The last component of `path`.
  package static func name(of path: String) -> String {
    let trimmed = trimmingSlashes(path)
    return String(trimmed.split(separator: "/", omittingEmptySubsequences: true).last ?? "/")
  }

  private static func trimmingSlashes(_ path: String) -> Substring {
    var trimmed = path[...]
    while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
    return trimmed
  }
}
