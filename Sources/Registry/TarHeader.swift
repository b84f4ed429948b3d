// Headers of tar archives, of 512 bytes. Written as ustar with pax records where a name or a size does not fit (POSIX.1-2017,
// pax, "Extended Header" and "ustar Interchange Format"); read so, and as GNU tar writes them (its manual, "Basic Tar Format").

import SafeIO

/// The header of one member of an archive.
struct TarHeader: Equatable {
  static let size = 512

  enum Kind: Equatable {
    case file
    case folder
    /// What no artifact can hold; the words say what it is.
    case refused(String)
    /// Records about the next member.
    case pax
    /// Records about all members from here on.
    case globalPax
    /// The name of the next member, as GNU tar writes long ones.
    case longName
  }

  let name: [UInt8]
  let size: Int
  let kind: Kind

  // MARK: Writing

  /// The headers of a regular file, which come before its content: one, or with pax records three or more.
  ///
  /// Nothing in them tells of the machine: no owner, no time, one mode for all.
  static func blocks(file path: TreePath, size: Int) -> [UInt8] {
    let name = [UInt8](path.text.utf8)
    var records: [UInt8] = []
    let split = splitting(name)
    if split == nil { records += record("path", name) }
    if size >= 1 << 33 { records += record("size", [UInt8]("\(size)".utf8)) }
    // Readers that know no pax records make do with the end of the name.
    let (prefix, shortName) = split ?? ([], name.suffix(100))
    let header = block(prefix: prefix, name: shortName, size: size < 1 << 33 ? size : 0, type: "0")
    guard !records.isEmpty else { return header }
    let extended = block(prefix: [], name: [UInt8]("././@PaxHeader".utf8), size: records.count, type: "x")
    return extended + records + padding(after: records.count) + header
  }

  /// The zeros that fill the last block of a content.
  static func padding(after size: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (TarHeader.size - size % TarHeader.size) % TarHeader.size)
  }

  /// What ends an archive.
  static let end = [UInt8](repeating: 0, count: 2 * size)

  /// A name as the two fields hold it: up to 100 bytes, and up to 155 more before a slash; nil when it does not fit.
  private static func splitting(_ name: [UInt8]) -> (prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
    if name.count <= 100 { return ([], name[...]) }
    for slash in name.indices where name[slash] == UInt8(ascii: "/") && name.count - slash - 1 <= 100 {
      return slash <= 155 ? (name[..<slash], name[(slash + 1)...]) : nil
    }
    return nil
  }

  private static func block(
    prefix: some Collection<UInt8>, name: some Collection<UInt8>, size: Int, type: Unicode.Scalar
  ) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: self.size)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    func put(octal value: Int, digits: Int, at offset: Int) {
      let text = String(value, radix: 8)
      put((String(repeating: "0", count: digits - text.utf8.count) + text).utf8, at: offset)
    }
    put(name, at: 0)
    put(octal: 0o644, digits: 7, at: 100)
    put(octal: 0, digits: 7, at: 108)
    put(octal: 0, digits: 7, at: 116)
    put(octal: size, digits: 11, at: 124)
    put(octal: 0, digits: 11, at: 136)
    block[156] = UInt8(ascii: type)
    put("ustar\u{0}00".utf8, at: 257)
    put(octal: 0, digits: 7, at: 329)
    put(octal: 0, digits: 7, at: 337)
    put(prefix, at: 345)
    put(octal: checksum(block[...]), digits: 6, at: 148)
    block[155] = UInt8(ascii: " ")
    return block
  }

  /// A pax record: its own length in decimal, a space, `key=value`, a newline.
  private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = [UInt8](" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count + 1
    while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
    return [UInt8]("\(length)".utf8) + rest
  }

  /// The sum of all bytes, with spaces in the place of the sum.
  private static func checksum(_ block: ArraySlice<UInt8>) -> Int {
    let start = block.startIndex
    return block.indices.reduce(0) { sum, index in
      sum + (148..<156 ~= index - start ? 32 : Int(block[index]))
    }
  }

  // MARK: Reading

  /// Reads a block.
  ///
  /// - Parameter place: the archive and the place in it, for errors.
  /// - Throws: `Failure.badData`.
  init(_ block: ArraySlice<UInt8>, place: String) throws(Failure) {
    precondition(block.count == TarHeader.size, "a header is one block")
    let block = [UInt8](block)
    guard try TarHeader.number(block[148..<156], "checksum", place) == TarHeader.checksum(block[...]) else {
      throw .badData(place, "is no header of a tar archive: its checksum is wrong")
    }
    func text(_ range: Range<Int>) -> ArraySlice<UInt8> { block[range].prefix { $0 != 0 } }
    var name = [UInt8](text(0..<100))
    // GNU's own form has other things in the place of the prefix.
    let prefix = text(345..<500)
    if block[257..<263].elementsEqual("ustar\u{0}".utf8), !prefix.isEmpty {
      name = prefix + [UInt8(ascii: "/")] + name
    }
    self.name = name
    size = try TarHeader.number(block[124..<136], "size", place)
    switch Unicode.Scalar(block[156]) {
    case "0", "\u{0}", "7": kind = name.last == UInt8(ascii: "/") ? .folder : .file
    case "5": kind = .folder
    case "x": kind = .pax
    case "g": kind = .globalPax
    case "L": kind = .longName
    case "1": kind = .refused("a hard link")
    case "2", "K": kind = .refused("a symbolic link")
    case "3", "4": kind = .refused("a device")
    case "6": kind = .refused("a pipe")
    case "S": kind = .refused("a file with holes; pack it without --sparse")
    case let type: kind = .refused("a member of the unknown type \(type.debugDescription)")
    }
  }

  /// A field with a number: octal digits, or in GNU's form for large ones the bytes themselves behind 0x80.
  private static func number(
    _ field: ArraySlice<UInt8>, _ name: String, _ place: String
  ) throws(Failure) -> Int {
    var value = 0
    if let first = field.first, first & 0x80 != 0 {
      guard first == 0x80, field.dropLast(8).dropFirst().allSatisfy({ $0 == 0 }),
        field[field.endIndex - 8] < 0x80
      else { throw .badData(place, "has a negative or impossible \(name)") }
      for byte in field.suffix(8) { value = value << 8 | Int(byte) }
      return value
    }
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
    for digit in digits {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= digit else {
        throw .badData(place, "has a \(name) that is no octal number")
      }
      value = value << 3 | Int(digit & 7)
    }
    return value
  }

  /// The keys and values of pax records.
  ///
  /// - Throws: `Failure.badData` for records that are not as they must be.
  static func records(_ content: [UInt8], place: String) throws(Failure) -> [(key: String, value: [UInt8])] {
    var records: [(key: String, value: [UInt8])] = []
    var rest = content[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0 != UInt8(ascii: " ") }
      guard digits.count <= 8, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
        let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
        length <= rest.count
      else { throw .badData(place, "has a pax record of an impossible length") }
      let record = rest.prefix(length).dropFirst(digits.count + 1)
      guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
        throw .badData(place, "has a malformed pax record")
      }
      let key = String(decoding: record[..<equals], as: UTF8.self)
      records.append((key, [UInt8](record[(equals + 1)...].dropLast())))
      rest = rest.dropFirst(length)
    }
    return records
  }
}
