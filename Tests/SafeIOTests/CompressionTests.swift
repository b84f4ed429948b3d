// zstd: what is written, what other programs wrote, and bombs.

import CZstd
import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct CompressionTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func compressed(_ content: [UInt8], threads: Int = 1, pieces: Int = .max) throws -> [UInt8] {
    let path = scratch.path + "/compressed"
    let output = try AtomicFile(path: path)
    let writer = ZstdWriter(output, threads: threads)
    var rest = content[...]
    while !rest.isEmpty {
      try rest.prefix(pieces).withUnsafeBytes { try writer.append($0) }
      rest = rest.dropFirst(pieces)
    }
    try writer.finish()
    try output.finish()
    #expect(try Files.size(path) == writer.size)
    return try Files.read(path: path)
  }

  /// One frame, as the library makes it in one go.
  private func frame(_ content: [UInt8]) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
    let capacity = frame.count
    let size = frame.withUnsafeMutableBytes {
      ZSTD_compress($0.baseAddress, capacity, content, content.count, 3)
    }
    return [UInt8](frame[..<size])
  }

  private func expanded(_ bytes: [UInt8]) throws -> [UInt8] {
    try ByteReader(path: scratch.write(bytes, "stored")).readAll(limit: 1 << 30)
  }

  private static let noise: [UInt8] = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7 ^ $0) }

  @Test(arguments: [0, 1, 5, 4 << 20, (4 << 20) + 1, 9 << 20])
  func `what is written is read again`(size: Int) throws {
    let content = [UInt8]((0..<size).lazy.map { Self.noise[$0 % 199_999] })
    #expect(try expanded(compressed(content)) == content)
  }

  @Test func `the bytes do not depend on threads, nor on the pieces in which content comes`() throws {
    let content = [UInt8]((0..<11 << 20).lazy.map { Self.noise[$0 % 199_999] })
    let one = try compressed(content)
    #expect(try compressed(content, threads: 2) == one)
    #expect(try compressed(content, threads: 5, pieces: 1_000_003) == one)
  }

  @Test func `zeros are no bomb when mlt has packed them`() throws {
    let zeros = [UInt8](repeating: 0, count: 100 << 20)
    #expect(try expanded(compressed(zeros)).count == zeros.count)
  }

  @Test func `frames that follow each other, and frames to be skipped, are one file`() throws {
    let skipped: [UInt8] = [0x5A, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9]
    let bytes = try skipped + frame([1, 2]) + skipped + frame([]) + frame([3])
    #expect(try expanded(bytes) == [1, 2, 3])
  }

  @Test func `what is not compressed is read as it is`() throws {
    for content: [UInt8] in [[], [0x28], [0x28, 0xB5, 0x2F], Self.noise] {
      #expect(try expanded(content) == content)
    }
  }

  @Test func `a file that is cut anywhere is refused`() throws {
    let whole = try frame(Array(Self.noise[..<3000])) + frame(Array("the end".utf8))
    let first = try frame(Array(Self.noise[..<3000])).count
    for length in 4..<whole.count where length != first {
      let failure = #expect(throws: Failure.self, "cut to \(length)") {
        try expanded(Array(whole[..<length]))
      }
      #expect(failure?.kind == .badData)
    }
  }

  @Test func `damaged data is refused with its place`() throws {
    var bytes = try frame(Array(repeating: 7, count: 100))
    // A bit that is reserved.
    bytes[4] |= 0x08
    let failure = #expect(throws: Failure.self) { try expanded(bytes) }
    #expect(failure?.message.contains("stored: its compressed data is damaged near byte") == true)
    bytes = try frame([1, 2, 3]) + [1, 2, 3, 4, 5]
    #expect(throws: Failure.self) { try expanded(bytes) }
  }

  @Test func `a bomb is refused soon`() throws {
    let bomb = try frame([UInt8](repeating: 10, count: 1 << 27))
    #expect(bomb.count < 20_000)
    let failure = #expect(throws: Failure.self) { try expanded(bomb) }
    #expect(failure?.message.contains("expands to more than 1000 times its size") == true)
    var lines = try LineReader(path: scratch.write(bomb, "rows.jsonl.zst"))
    #expect(throws: Failure.self) { while try lines.next() != nil {} }
  }

  @Test func `a window larger than the zstd program's is refused, one of its size is not`() throws {
    // Magic number, no flags, the window's exponent less 10 in five bits, and a last block of three plain bytes.
    func frame(_ window: UInt8) -> [UInt8] {
      [0x28, 0xB5, 0x2F, 0xFD, 0, (window - 10) << 3, 3 << 3 | 1, 0, 0, 1, 2, 3]
    }
    #expect(try expanded(frame(27)) == [1, 2, 3])
    let failure = #expect(throws: Failure.self) { try expanded(frame(28)) }
    #expect(failure?.message.contains("window of more than 128 MiB") == true)
  }

  // MARK: Lines

  private func lines(_ bytes: [UInt8]) throws -> [String] {
    var (reader, found) = (try LineReader(path: scratch.write(bytes, "lines")), [String]())
    while let line = try reader.next() {
      found.append("\(reader.number) \(String(decoding: line, as: UTF8.self))")
    }
    return found
  }

  @Test(arguments: [false, true])
  func `lines have the numbers of the file, plain or compressed`(isCompressed: Bool) throws {
    let long = String(repeating: "x", count: 300_000)
    let text = [UInt8]("\u{FEFF}a\n\n\r\n\(long)\n\n\n\u{FEFF}b".utf8)
    let found = try lines(isCompressed ? frame(text) : text)
    #expect(found == ["1 a", "3 \r", "4 \(long)", "7 \u{FEFF}b"])
  }

  @Test func `a line without end is refused before it fills memory`() throws {
    let endless = try frame([UInt8](repeating: 0x20, count: 60 << 20))
    let failure = #expect(throws: Failure.self) { try lines([UInt8]("a\n".utf8) + []) + lines(endless) }
    #expect(failure?.message.hasSuffix("line 1: is longer than 16 MiB") == true)
  }
}
