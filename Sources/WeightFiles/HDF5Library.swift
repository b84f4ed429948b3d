// libhdf5 from Swift: one call at a time, and for files from outside a child process, whose answer is read here as it comes
// and believed no more than the file itself.
//
// UNSAFE, on purpose: memory is lent to the library for a call, and to a child that writes values into it.

import CHDF5Files
import Glibc
import SafeIO
import Synchronization

/// Calls of libhdf5.
enum HDF5Library {
  /// The library is not made for threads.
  private static let lock = Mutex(())

  static func locked<R>(_ body: () throws(Failure) -> R) throws(Failure) -> R {
    try lock.withLock { _ throws(Failure) in try body() }
  }

  /// The version of the library, which decides the layout of the files it writes.
  static let version: String = {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    mlt_hdf5_version(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }()

  /// A data set as the child tells of it; nothing is checked against the file yet.
  struct DataSet {
    let path: String
    let type: String
    let shape: [UInt64]
    let isContiguous: Bool
    let offset: UInt64
    let storedBytes: UInt64
    /// The attribute `dtype`, empty when there is none.
    let dtype: String
    /// The attribute `shape`, empty when there is none.
    let statedShape: String
  }

  /// Lists the data sets of an open file, and its text attributes.
  ///
  /// - Throws: `Failure.badData`.
  static func list(
    _ descriptor: Int32, size: Int, path: String
  ) throws(Failure) -> (sets: [DataSet], texts: WeightMetadata) {
    var answer = try HDF5Answer(path: path) { end in mlt_hdf5_list(descriptor, &end) }
    var sets: [DataSet] = []
    var texts: WeightMetadata = [:]
    while let kind = try answer.next() {
      switch kind {
      case MLT_HDF5_DATA_SET:
        let (name, type) = (try answer.string(), try answer.string())
        var shape: [UInt64] = []
        for _ in 0..<min(try answer.number(), 8) { shape.append(try answer.number()) }
        let place = try answer.number()
        sets.append(
          DataSet(
            path: name, type: type, shape: shape, isContiguous: place == UInt64(MLT_HDF5_CONTIGUOUS),
            offset: try answer.number(), storedBytes: try answer.number(), dtype: try answer.string(),
            statedShape: try answer.string()))
        // No data set is described in less; a file that says so describes one many times.
        guard sets.count <= size / 64 else {
          throw .badData(path, "lists more data sets than it has room for")
        }
      default:
        let (key, value) = (try answer.string(), try answer.string())
        texts[key] = value
      }
    }
    return (sets, texts)
  }

  /// Reads the values of a data set into memory that a child can share.
  ///
  /// - Throws: `Failure.badData`.
  static func read(
    _ set: String, of descriptor: Int32, path: String, into values: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    var answer = try HDF5Answer(path: path) { end in
      mlt_hdf5_read(descriptor, set, values.baseAddress, values.count, &end)
    }
    while try answer.next() != nil {}
  }
}

/// What a child answers, record by record.
private struct HDF5Answer: ~Copyable {
  private let path: String
  private let child: pid_t
  private let pipe: Int32
  private var buffer: [UInt8] = []
  private var position = 0
  private var hasEnded = false
  /// What a child that neither answers nor ends may take, in milliseconds; its own limit is less, but counts computing alone.
  private static let patience: Int32 = 60_000
  private static let longestString = 17 << 20

  init(path: String, start: (_ end: inout Int32) -> pid_t) throws(Failure) {
    self.path = path
    var (end, child): (Int32, pid_t) = (-1, -1)
    var code: Int32 = 0
    try HDF5Library.locked { () throws(Failure) in
      child = start(&end)
      code = errno
    }
    guard child > 0 else { throw .io(path, "start a process to read it", errno: code) }
    self.child = child
    pipe = end
  }

  deinit {
    close(pipe)
    // It may have been left in the middle of an answer.
    if !hasEnded {
      kill(child, SIGKILL)
      _ = Self.wait(for: child)
    }
  }

  /// The kind of the next record; nil after the last.
  ///
  /// - Throws: `Failure.badData` with what the child has found wrong, or when it was ended before its end.
  mutating func next() throws(Failure) -> Int? {
    let kind = Int(try bytes(1).first ?? 0)
    switch kind {
    case MLT_HDF5_PROBLEM: throw .badData(path, try string())
    case MLT_HDF5_END: return nil
    case MLT_HDF5_DATA_SET, MLT_HDF5_TEXT: return kind
    default: throw .badData(path, "made libhdf5 answer nonsense; the file is damaged")
    }
  }

  mutating func number() throws(Failure) -> UInt64 {
    try bytes(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func string() throws(Failure) -> String {
    let length = try bytes(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.longestString else { throw .badData(path, "holds a text of \(length) bytes") }
    guard let text = String(validating: try bytes(length), as: UTF8.self) else {
      throw .badData(path, "holds a name or a text that is not UTF-8")
    }
    return text
  }

  private mutating func bytes(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    while buffer.count - position < count { try fill() }
    position += count
    return buffer[position - count..<position]
  }

  private mutating func fill() throws(Failure) {
    buffer.removeFirst(position)
    position = 0
    var request = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
    let deadline = ContinuousClock.now + .milliseconds(Int(Self.patience))
    while poll(&request, 1, 100) <= 0 {
      try Interruption.check()
      guard ContinuousClock.now < deadline else {
        throw .badData(
          path, "libhdf5 takes too long to read it; the file is damaged, or its disk does not answer")
      }
    }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let (pipe, path) = (pipe, path)
    let got = try piece.withUnsafeMutableBufferPointer { bytes throws(Failure) in
      try Files.read(pipe, into: UnsafeMutableRawBufferPointer(bytes), path: path)
    }
    guard got == 0 else {
      buffer += piece[..<got]
      return
    }
    hasEnded = true
    let signal = Self.wait(for: child) & 0x7f
    throw .badData(
      path,
      signal == SIGPROF
        ? "libhdf5 does not come to an end with it; the file is damaged"
        : "libhdf5 can't read it\(signal == 0 ? "" : " and was ended by signal \(signal)"); the file is damaged"
    )
  }

  private static func wait(for child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}
