// Lines of a file, plain or compressed, of which one is held at a time.
//
// UNSAFE, on purpose: a search for the end of a line goes over the buffer's memory, within its bounds.

import Glibc

/// Reads a file line by line.
package struct LineReader {
  /// A document is one line, and few are longer than a book.
  package static let longestLine = 16 << 20

  /// How many lines were read.
  package private(set) var number = 0
  private let reader: ByteReader
  private var buffer: [UInt8]
  private var start = 0
  private var end = 0

  /// Opens the file.
  ///
  /// - Throws: `Failure` when it can't be read.
  package init(path: String) throws(Failure) {
    reader = try ByteReader(path: path)
    buffer = [UInt8](repeating: 0, count: 1 << 17)
  }

  /// Bytes of the file, as it is stored, and how many of them were read: for showing progress.
  package var size: Int { reader.size }
  package var position: Int { reader.position }

  /// The next line that is not empty, without its end; nil at the end of the file.
  ///
  /// A byte order mark in front of the first is left out.
  /// - Throws: `Failure`: `badData` for a line longer than `longestLine` and what `ByteReader` refuses.
  package mutating func next() throws(Failure) -> ArraySlice<UInt8>? {
    skipEmptyLines()
    var searched = start
    while true {
      if let newline = newline(from: searched) {
        let line = start..<newline
        start = newline + 1
        return count(line)
      }
      searched = end
      let length = end - start
      guard length <= LineReader.longestLine else {
        throw .badData(
          "\(reader.path): line \(number + 1)", "is longer than \(LineReader.longestLine >> 20) MiB")
      }
      guard try fill() else {
        guard start < end else { return nil }
        let line = start..<end
        start = end
        return count(line)
      }
      if length == 0 { skipEmptyLines() }
      searched = start + length
    }
  }

  private mutating func skipEmptyLines() {
    let first = start
    start = buffer.withUnsafeBufferPointer { bytes in
      var position = first
      while position < end, bytes[position] == UInt8(ascii: "\n") { position += 1 }
      return position
    }
    number += start - first
  }

  private mutating func count(_ line: Range<Int>) -> ArraySlice<UInt8> {
    number += 1
    let content = buffer[line]
    return number == 1 && content.starts(with: [0xEF, 0xBB, 0xBF]) ? content.dropFirst(3) : content
  }

  private func newline(from position: Int) -> Int? {
    guard position < end else { return nil }
    return buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress,
        let found = memchr(base + position, Int32(UInt8(ascii: "\n")), end - position)
      else { return nil }
      return base.distance(to: found)
    }
  }

  /// Reads more behind what is there, moved to the front; false at the end of the file.
  private mutating func fill() throws(Failure) -> Bool {
    let rest = start..<end
    if start > 0 {
      buffer.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[rest])) }
      (start, end) = (0, rest.count)
    }
    if end == buffer.count {
      let more = min(buffer.count, max(1, LineReader.longestLine + 1 - buffer.count))
      buffer += [UInt8](repeating: 0, count: more)
    }
    let (reader, free) = (reader, end)
    let got = try buffer.withUnsafeMutableBufferPointer { bytes throws(Failure) in
      try reader.read(
        into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[free...])))
    }
    end += got
    return got > 0
  }
}
