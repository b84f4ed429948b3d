// Reads a tar archive from beginning to end, as members with their content, and refuses what no archive of an artifact
// holds: links, devices, names that lead elsewhere, sizes that can't be.

import SafeIO

/// The members of an archive, one after the other.
final class TarReader {
  struct Member {
    let path: TreePath
    /// Bytes.
    let size: Int
  }

  /// Room for as many files as a manifest has, with folders.
  private static let mostMembers = 100_000
  /// Of the records before a member.
  private static let longestRecords = 1 << 20
  /// zstd can't pack more into a byte: a block of 128 KiB that repeats one byte takes four.
  private static let densestBytes = 1 << 15

  private let reader: ByteReader
  private let path: String
  /// Bytes of the archive before the next one to be read.
  private var position = 0
  /// Bytes of the current member that were not read yet.
  private var left = 0
  private var padding = 0
  private var count = 0

  init(path: String) throws(Failure) {
    self.path = path
    reader = try ByteReader(path: path)
  }

  /// Bytes of the archive's file, and how many of them were read: for showing progress.
  var size: Int { reader.size }
  var bytesRead: Int { reader.position }

  /// The next regular file; nil at the end.
  ///
  /// What was not read of the one before is left out, and folders are passed over.
  /// - Throws: `Failure.badData`.
  func next() throws(Failure) -> Member? {
    try skip(left + padding)
    (left, padding) = (0, 0)
    var longName: [UInt8]?
    var size: Int?
    while true {
      let place = "\(path): byte \(position) of the archive"
      let block = try bytes(TarHeader.size, place)
      if block.allSatisfy({ $0 == 0 }) {
        try checkEnd()
        return nil
      }
      count += 1
      guard count <= TarReader.mostMembers else {
        throw .badData(path, "has more than \(TarReader.mostMembers) members")
      }
      let header = try TarHeader(block[...], place: place)
      switch header.kind {
      case .pax, .globalPax:
        for (key, value) in try TarHeader.records(content(of: header, place), place: place) {
          if header.kind == .globalPax || key.hasPrefix("GNU.sparse") {
            guard !["path", "size"].contains(key), !key.hasPrefix("GNU.sparse") else {
              throw .badData(place, "has the pax record '\(key.prefix(80))', which is not supported here")
            }
          } else if key == "path" {
            longName = value
          } else if key == "size" {
            guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0 else {
              throw .badData(place, "has a pax record with an impossible size")
            }
            size = number
          }
        }
      case .longName: longName = [UInt8](try content(of: header, place).prefix { $0 != 0 })
      case .refused(let what):
        throw .badData(
          place, "\(TarReader.shown(longName ?? header.name)) is \(what); an artifact has regular files alone"
        )
      case .folder:
        let name = longName ?? header.name
        if !TarReader.isTop(name) { _ = try treePath(name, place) }
        guard header.size == 0 else { throw .badData(place, "is a folder with a content") }
        longName = nil
      case .file:
        let member = Member(path: try treePath(longName ?? header.name, place), size: size ?? header.size)
        guard member.size / TarReader.densestBytes <= reader.size else {
          throw .badData(
            place, "'\(member.path)' has \(member.size) bytes, which can't be in a file of \(reader.size)")
        }
        left = member.size
        padding = TarHeader.padding(after: member.size % TarHeader.size).count
        return member
      }
    }
  }

  /// Reads the next bytes of the current member.
  ///
  /// - Returns: how many; 0 at its end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    guard left > 0 else { return 0 }
    let got = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(left)))
    guard got > 0 else { throw cutShort }
    left -= got
    position += got
    return got
  }

  /// The path of a member below the archive's root, without the `./` that `tar -C folder .` puts before it.
  private func treePath(_ name: [UInt8], _ place: String) throws(Failure) -> TreePath {
    var name = name[...]
    while name.starts(with: "./".utf8) { name = name.dropFirst(2) }
    if name.last == UInt8(ascii: "/") { name = name.dropLast() }
    guard let text = String(validating: name, as: UTF8.self), let path = TreePath(text) else {
      throw .badData(
        place, "the name \(TarReader.shown([UInt8](name))) is not that of a file below one folder")
    }
    return path
  }

  private static func isTop(_ name: [UInt8]) -> Bool {
    name.allSatisfy { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") } && name.first == UInt8(ascii: ".")
      && !name.starts(with: "..".utf8)
  }

  private static func shown(_ name: [UInt8]) -> String {
    String(decoding: name.prefix(200), as: UTF8.self).debugDescription
  }

  private func content(of header: TarHeader, _ place: String) throws(Failure) -> [UInt8] {
    guard header.size <= TarReader.longestRecords else {
      throw .badData(
        place, "has records of \(header.size) bytes, at most \(TarReader.longestRecords) are read")
    }
    let content = try bytes(header.size, place)
    try skip(TarHeader.padding(after: header.size).count)
    return content
  }

  private func bytes(_ count: Int, _ place: String) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try bytes.withUnsafeMutableBufferPointer { buffer throws(Failure) in
      try reader.readFully(into: UnsafeMutableRawBufferPointer(buffer))
    }
    guard got == count else { throw cutShort }
    position += count
    return bytes
  }

  private func skip(_ count: Int) throws(Failure) {
    var count = count
    while count > 0 {
      let piece = min(count, 1 << 16)
      _ = try bytes(piece, path)
      count -= piece
    }
  }

  /// After the block of zeros that ends an archive come only more of them.
  private func checkEnd() throws(Failure) {
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let got = try buffer.withUnsafeMutableBufferPointer { bytes throws(Failure) in
        try reader.read(into: UnsafeMutableRawBufferPointer(bytes))
      }
      if got == 0 { return }
      guard buffer[..<got].allSatisfy({ $0 == 0 }) else { throw .badData(path, "goes on after its end") }
    }
  }

  private var cutShort: Failure { .badData(path, "is cut short; download it again") }
}
