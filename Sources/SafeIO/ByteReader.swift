// A file's bytes from beginning to end. What zstd has compressed is expanded on the way, known by its first bytes
// (RFC 8878, section 3.1.1), so that a compressed data set is read wherever a plain one is. A few kilobytes may claim to
// be terabytes: what may be expanded is bounded by what was read, and nothing but a window is held.
//
// UNSAFE, on purpose: buffers are lent to the library for a call; its context is freed with the object.

import CZstd
import Glibc

/// Reads a regular file as a stream, expanding zstd.
package final class ByteReader {
  /// What any file may expand to; beyond it, `mostExpansion` times the bytes read so far.
  package static let freeExpansion = 64 << 20
  /// Text shrinks to a tenth, repeated text to a hundredth.
  package static let mostExpansion = 1_000
  /// As a power of two, the most bytes that a compressed file may refer back to: the default of the zstd program.
  private static let largestWindow: Int32 = 27

  package let path: String
  /// Bytes of the file, as it is stored.
  package let size: Int
  /// How many of them were read.
  package private(set) var position = 0
  private let descriptor: Int32
  /// Nil for a file that is not compressed.
  private var context: OpaquePointer?
  private var input: [UInt8]
  private var inputStart = 0
  private var inputEnd = 0
  private var expanded = 0
  /// Whether a compressed frame was begun and did not end yet.
  private var isInFrame = false

  /// Opens a file.
  ///
  /// - Throws: `Failure` when it can't be read.
  package init(path: String) throws(Failure) {
    descriptor = try Files.openForReading(path)
    self.path = path
    input = [UInt8](repeating: 0, count: 1 << 17)
    var status = stat()
    size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    try fill()
    guard ByteReader.isCompressed(input[..<inputEnd]) else { return }
    context = ZSTD_createDCtx()
    guard let context else { throw Failure(.io, "\(path): there is no memory to expand it") }
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ByteReader.largestWindow)
  }

  deinit {
    if let context { ZSTD_freeDCtx(context) }
    close(descriptor)
  }

  /// Reads what comes next.
  ///
  /// - Returns: how many bytes, at least one; 0 at the end.
  /// - Throws: `Failure`: `badData` for compressed data that is damaged, cut short, or expands beyond all measure;
  ///   `io`; `interrupted`.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    try Interruption.check()
    guard let context else { return try readPlain(into: buffer) }
    while true {
      if inputStart == inputEnd { try fill() }
      let isAtEnd = inputStart == inputEnd
      let (written, hint) = expand(context, into: buffer)
      if ZSTD_isError(hint) != 0 { throw problem(hint) }
      // 0 says that a frame has ended and all of it is out.
      if !isAtEnd || written > 0 { isInFrame = hint != 0 }
      expanded += written
      guard expanded <= ByteReader.freeExpansion + ByteReader.mostExpansion * position else {
        throw .badData(
          path,
          "expands to more than \(ByteReader.mostExpansion) times its size, which no data set or model does; if it is right, "
            + "expand it with zstd -d")
      }
      if written > 0 { return written }
      guard isAtEnd else { continue }
      guard !isInFrame else { throw .badData(path, "its compressed data is cut short; download it again") }
      return 0
    }
  }

  /// Reads until the buffer is full or the file ends.
  ///
  /// - Returns: how many bytes.
  package func readFully(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var done = 0
    while done < buffer.count {
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      if got == 0 { break }
      done += got
    }
    return done
  }

  /// Reads to the end.
  ///
  /// - Throws: `Failure.badData` when there are more than `limit` bytes.
  package func readAll(limit: Int) throws(Failure) -> [UInt8] {
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let got = try piece.withUnsafeMutableBufferPointer { bytes throws(Failure) in
        try read(into: UnsafeMutableRawBufferPointer(bytes))
      }
      if got == 0 { return content }
      content += piece[..<got]
      guard content.count <= limit else { throw .badData(path, "has more than \(limit) bytes") }
    }
  }

  /// Whether these are the first bytes of a frame, or of one that readers skip.
  private static func isCompressed(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
      || (bytes.count > 4 && bytes[0] & 0xF0 == 0x50 && bytes.dropFirst().starts(with: [0x2A, 0x4D, 0x18]))
  }

  private func readPlain(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    guard inputStart < inputEnd else {
      let got = try Files.read(descriptor, into: buffer, path: path)
      position += got
      return got
    }
    let count = min(buffer.count, inputEnd - inputStart)
    buffer.copyBytes(from: input[inputStart..<inputStart + count])
    inputStart += count
    return count
  }

  private func expand(_ context: OpaquePointer, into buffer: UnsafeMutableRawBufferPointer) -> (Int, Int) {
    input.withUnsafeBytes { bytes in
      var source = ZSTD_inBuffer(src: bytes.baseAddress, size: inputEnd, pos: inputStart)
      var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
      let hint = ZSTD_decompressStream(context, &target, &source)
      inputStart = source.pos
      return (target.pos, hint)
    }
  }

  private func fill() throws(Failure) {
    inputEnd = try input.withUnsafeMutableBufferPointer { bytes throws(Failure) in
      try Files.read(descriptor, into: UnsafeMutableRawBufferPointer(bytes), path: path)
    }
    inputStart = 0
    position += inputEnd
  }

  private func problem(_ code: Int) -> Failure {
    if ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge {
      return .badData(
        path,
        "was compressed with a window of more than \(1 << (ByteReader.largestWindow - 20)) MiB; compress it again without "
          + "--long")
    }
    let reason = String(cString: ZSTD_getErrorName(code))
    return .badData(
      path, "its compressed data is damaged near byte \(position - inputEnd + inputStart): \(reason)")
  }
}
