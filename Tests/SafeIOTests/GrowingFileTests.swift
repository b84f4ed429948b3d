// Files that are read while they are written.

import SafeIO
import TestSupport
import Testing

@Suite struct GrowingFileTests {
  private final class Reader: FileFollower {
    private(set) var files: [GrowingFile] = []

    func follow(_ file: GrowingFile) { files.append(file) }
  }

  private let scratch: Scratch
  private let reader = Reader()

  init() throws { scratch = try Scratch() }

  /// What one call reads into a buffer of `count` bytes.
  private func read(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try bytes.withUnsafeMutableBytes { try reader.files[0].read(into: $0) }
    return Array(bytes[..<got])
  }

  private func write(_ bytes: [UInt8], at offset: Int, to file: AtomicFile) throws {
    try bytes.withUnsafeBytes { try file.write($0, at: offset) }
  }

  @Test func `the reader gets what is written from the beginning on without a gap, and no more`() throws {
    let file = try AtomicFile(path: scratch.path + "/f", follower: reader)
    try file.resize(to: 8)
    try write([4, 5], at: 4, to: file)
    try write([0, 1], at: 0, to: file)
    #expect(try read(100) == [0, 1])
    try write([2, 3], at: 2, to: file)
    #expect(try read(3) == [2, 3, 4])
    #expect(try read(3) == [5])
    try write([6, 7], at: 6, to: file)
    try file.finish()
    #expect(try read(100) == [6, 7])
    #expect(try read(100) == [])
  }

  @Test func `the reader sleeps until bytes come, and wakes at the end`() throws {
    let file = try AtomicFile(path: scratch.path + "/f", follower: reader)
    let growing = reader.files[0]
    let sum = Background { () throws(Failure) in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7, alignment: 1)
      defer { buffer.deallocate() }
      var sum = 0
      while true {
        let got = try growing.read(into: buffer)
        if got == 0 { return sum }
        sum += buffer[..<got].reduce(0) { $0 + Int($1) }
      }
    }
    for value in 0..<200 {
      try [UInt8](repeating: UInt8(value), count: 3).withUnsafeBytes { try file.append($0) }
    }
    try file.finish()
    #expect(try sum.value() == 3 * (0..<200).reduce(0, +))
  }

  @Test func `an empty file ends at once`() throws {
    try AtomicFile(path: scratch.path + "/f", follower: reader).finish()
    #expect(try read(100) == [])
  }

  @Test func `a file that is given up ends the wait of its reader with an error`() throws {
    let path = scratch.path + "/f"
    var file: AtomicFile? = try AtomicFile(path: path, follower: reader)
    let growing = reader.files[0]
    let reading = Background { () throws(Failure) in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
      defer { buffer.deallocate() }
      while try growing.read(into: buffer) > 0 {}
    }
    try file.map { try write([1, 2], at: 0, to: $0) }
    file = nil
    #expect(throws: Failure(.io, "\(path): was not written to its end")) { try reading.value() }
    #expect(try Files.list(scratch.path).isEmpty)
  }
}
