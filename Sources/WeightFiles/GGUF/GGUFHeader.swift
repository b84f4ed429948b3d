// The header of a GGUF file as a checked value (ggml/docs/gguf.md): metadata, then what each tensor is and where its bytes
// lie. Everything a lying header could claim is compared with the size of the file here, before anything is allocated for
// tensors, so the rest of the program can trust types, shapes and places.

import SafeIO
import TensorCore

/// A tensor as a GGUF file lists it.
package struct GGUFTensor: Sendable, Equatable {
  package let name: String
  package let type: GGMLType
  /// Outermost dimension first, as everywhere but in GGUF, which lists the length of rows first.
  package let shape: [Int]
  /// Where its bytes lie, counted from the start of the file.
  package let range: Range<Int>

  package var elementCount: Int { shape.reduce(1, *) }
}

/// Metadata and tensors of a GGUF file.
package struct GGUFHeader: Sendable {
  static let magic = [UInt8]("GGUF".utf8)
  static let versions: ClosedRange<UInt32> = 2...3
  private static let mostValues = 1 << 16
  private static let mostTensors = 1 << 17
  private static let maximumRank = 4
  private static let alignmentKey = "general.alignment"
  private static let defaultAlignment = 32
  private static let largestAlignment = 1 << 16

  package let version: Int
  /// In the order of the file.
  package let metadata: [(key: String, value: GGUFValue)]
  /// In the order of the file.
  package let tensors: [GGUFTensor]
  private let places: [ExactName: Int]

  /// Reads and checks the header of a whole file.
  ///
  /// - Parameters:
  ///   - file: the bytes of the file, the header at least.
  ///   - size: how many the whole file has.
  /// - Throws: `Failure.badData` naming the place, the key or the tensor.
  init(_ file: UnsafeRawBufferPointer, path: String, size: Int) throws(Failure) {
    var scanner = GGUFScanner(file, path: path)
    version = try Self.version(&scanner)
    let tensorCount = try Self.count("tensors", atMost: Self.mostTensors, leastBytes: 24, &scanner)
    let valueCount = try Self.count("metadata values", atMost: Self.mostValues, leastBytes: 13, &scanner)

    var metadata: [(key: String, value: GGUFValue)] = []
    var places: [ExactName: Int] = [:]
    for number in 0..<valueCount {
      let key = try scanner.string("the key of metadata value \(number)")
      guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
        throw scanner.error(
          "the key of metadata value \(number) is empty or holds a space or control character")
      }
      guard places.updateValue(number, forKey: ExactName(key)) == nil else {
        throw scanner.error("the key '\(key.excerpt)' stands twice in the metadata")
      }
      metadata.append((key, try scanner.value(of: key)))
    }
    self.metadata = metadata
    self.places = places

    let alignment = try Self.alignment(places[ExactName(Self.alignmentKey)].map { metadata[$0].value }, path)
    var stated: [StatedTensor] = []
    var names: Set<ExactName> = []
    for number in 0..<tensorCount {
      let tensor = try StatedTensor(&scanner, number: number)
      guard names.insert(ExactName(tensor.name)).inserted else {
        throw scanner.error("the tensor '\(tensor.name.excerpt)' stands twice in the header")
      }
      stated.append(tensor)
    }
    let dataStart = (scanner.position + alignment - 1) / alignment * alignment
    var tensors: [GGUFTensor] = []
    for tensor in stated {
      tensors.append(try tensor.placed(from: dataStart, alignment: alignment, fileSize: size, path: path))
    }
    self.tensors = tensors
    try Self.checkLayout(tensors, path: path)
  }

  /// The value of a key, nil when it is missing.
  package subscript(key: String) -> GGUFValue? { places[ExactName(key)].map { metadata[$0].value } }

  private static func version(_ scanner: inout GGUFScanner) throws(Failure) -> Int {
    for byte in magic {
      guard try scanner.number(UInt8.self, "the first four bytes") == byte else {
        throw .badData(scanner.path, "does not begin with 'GGUF'; this is no GGUF file")
      }
    }
    let version = try scanner.number(UInt32.self, "the version")
    if versions.contains(version.byteSwapped) {
      throw .badData(
        scanner.path, "is a big-endian GGUF file, which is not read; convert it on a big-endian machine")
    }
    guard versions.contains(version) else {
      throw .badData(
        scanner.path,
        version == 1
          ? "is a GGUF file of version 1 of 2023, which is no longer read; convert the model anew"
          : "states the GGUF version \(version), expected 2 or 3")
    }
    return Int(version)
  }

  /// - Parameter leastBytes: what each of them takes in the file, at least.
  private static func count(
    _ what: String, atMost limit: Int, leastBytes: Int, _ scanner: inout GGUFScanner
  ) throws(Failure) -> Int {
    let stated = try scanner.number(UInt64.self, "the number of \(what)")
    let possible = min(limit, (scanner.bytes.count - scanner.position) / leastBytes)
    guard stated <= UInt64(possible) else {
      throw .badData(
        scanner.path, "states \(stated) \(what), expected at most \(possible) in \(scanner.bytes.count) bytes"
      )
    }
    return Int(stated)
  }

  private static func alignment(_ value: GGUFValue?, _ path: String) throws(Failure) -> Int {
    guard let value else { return defaultAlignment }
    guard case .integer(let alignment, .uint32) = value else {
      throw .badData("\(path): key '\(alignmentKey)'", "expected a u32, found \(value.kindName)")
    }
    guard 1...largestAlignment ~= alignment, alignment & (alignment - 1) == 0 else {
      throw .badData(
        "\(path): key '\(alignmentKey)'", "is \(alignment), expected a power of 2 up to \(largestAlignment)")
    }
    return alignment
  }

  /// No tensor may lie in another.
  private static func checkLayout(_ tensors: [GGUFTensor], path: String) throws(Failure) {
    let ordered = tensors.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (left, right) in zip(ordered, ordered.dropFirst())
    where right.range.lowerBound < left.range.upperBound {
      throw .badData(
        "\(path): tensor '\(right.name.excerpt)'",
        "begins at byte \(right.range.lowerBound), inside the tensor '\(left.name.excerpt)', which ends at byte "
          + "\(left.range.upperBound)")
    }
  }
}

/// What a file says of a tensor, before its place is known.
private struct StatedTensor {
  private static let maximumRank = 4
  private static let longestName = 255

  let name: String
  let type: GGMLType
  let shape: [Int]
  let byteCount: Int
  let offset: UInt64

  init(_ scanner: inout GGUFScanner, number: Int) throws(Failure) {
    let what = "what it says of tensor \(number)"
    name = try scanner.string("the name of tensor \(number)")
    // Names never become paths here; others write a file for each tensor.
    guard 1...Self.longestName ~= name.utf8.count,
      name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") })
    else {
      throw scanner.error(
        "the name of tensor \(number) is '\(name.excerpt)', expected 1 to \(Self.longestName) characters without spaces, "
          + "slashes and control characters")
    }
    let place = "\(scanner.path): tensor '\(name.excerpt)'"
    let rank = try scanner.number(UInt32.self, what)
    guard 1...UInt32(Self.maximumRank) ~= rank else {
      throw .badData(place, "has \(rank) dimensions, expected 1 to \(Self.maximumRank)")
    }
    var dimensions: [UInt64] = []
    for _ in 0..<rank { dimensions.append(try scanner.number(UInt64.self, what)) }
    let code = try scanner.number(UInt32.self, what)
    guard let type = GGMLType(code: code) else {
      throw .badData(
        place,
        "has the type \(GGMLType.name(ofCode: code)), which is not read; known: \(GGMLType.names.joined(separator: ", "))"
      )
    }
    offset = try scanner.number(UInt64.self, what)
    guard let bytes = Self.byteCount(dimensions, type) else {
      throw .badData(place, "has the dimensions \(dimensions), which are zero or too large to be true")
    }
    guard dimensions[0] % UInt64(type.blockSize) == 0 else {
      throw .badData(
        place,
        "has rows of \(dimensions[0]), which are no whole blocks of \(type.blockSize) as \(type.name) wants")
    }
    self.type = type
    byteCount = bytes
    shape = dimensions.reversed().map { Int($0) }
  }

  /// The size in bytes, nil where a dimension is 0 or a product does not fit.
  private static func byteCount(_ dimensions: [UInt64], _ type: GGMLType) -> Int? {
    var elements = 1
    for dimension in dimensions {
      guard let size = Int(exactly: dimension), size > 0 else { return nil }
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      elements = product
    }
    let (bytes, overflow) = (elements / type.blockSize).multipliedReportingOverflow(by: type.blockBytes)
    return overflow ? nil : bytes
  }

  func placed(from dataStart: Int, alignment: Int, fileSize: Int, path: String) throws(Failure) -> GGUFTensor
  {
    let place = "\(path): tensor '\(name.excerpt)'"
    guard offset % UInt64(alignment) == 0 else {
      throw .badData(
        place, "begins at byte \(offset) of the data, expected a multiple of the alignment \(alignment)")
    }
    guard dataStart <= fileSize, offset <= UInt64(fileSize - dataStart),
      byteCount <= fileSize - dataStart - Int(offset)
    else {
      throw .badData(
        place,
        "takes \(byteCount) bytes from byte \(offset) of the data, past the end of the file (\(fileSize)); download it again"
      )
    }
    let start = dataStart + Int(offset)
    return GGUFTensor(name: name, type: type, shape: shape, range: start..<start + byteCount)
  }
}
