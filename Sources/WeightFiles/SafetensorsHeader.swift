// The header of a safetensors file as a checked value. Everything a lying header could claim is compared with the
// size of the file here, in one pass and before anything is allocated for tensors, so the rest of the program can
// trust entries and offsets. Rules: `Metadata::validate` and `SafeTensors::read_metadata` in safetensors/src/tensor.rs,
// and stricter where parsers differ (duplicate keys, unknown members).

import SafeIO
import TensorCore

/// The tensors of a safetensors file and where their bytes lie.
struct SafetensorsHeader {
  /// The reference's limit on the header's length, in bytes.
  static let maximumLength = 100_000_000
  static let maximumRank = 8

  /// Sorted by name.
  let entries: [TensorEntry]
  /// For each entry, the first byte of its data, counted from the start of the file.
  let offsets: [Int]
  let metadata: WeightMetadata

  /// Reads and checks the header of a whole file.
  ///
  /// - Parameter file: every byte of the file.
  /// - Throws: `Failure.badData` naming the tensor and the bytes.
  init(_ file: UnsafeRawBufferPointer, path: String) throws(Failure) {
    let length = try Self.length(file, path: path)
    let dataStart = 8 + length
    let text = UnsafeRawBufferPointer(rebasing: file[8..<dataStart])
    var metadata: WeightMetadata = [:]
    var hasMetadata = false
    var tensors: [(entry: TensorEntry, range: Range<Int>)] = []

    guard text.first == UInt8(ascii: "{") else {
      throw .badData(
        path, "the header begins with byte \(text.first ?? 0), expected '{'; this is no safetensors file")
    }
    var scanner = SafetensorsHeaderScanner(text, path: path)
    try scanner.object { key, scanner throws(Failure) in
      guard key == "__metadata__" else {
        tensors.append(try Self.tensor(key, &scanner, dataStart: dataStart, path: path))
        return
      }
      guard !hasMetadata else { throw scanner.error("the key \"__metadata__\" stands twice") }
      hasMetadata = true
      // MLX writes null when it has nothing to say.
      if !scanner.takeNull() { metadata = try Self.metadata(&scanner) }
    }
    try scanner.end()

    tensors.sort { $0.entry.name.precedes($1.entry.name) }
    for (left, right) in zip(tensors, tensors.dropFirst())
    where ExactName(left.entry.name) == ExactName(right.entry.name) {
      throw .badData(path, "the tensor '\(left.entry.name.excerpt)' stands twice in the header")
    }
    try Self.checkLayout(tensors, dataStart: dataStart, fileSize: file.count, path: path)
    entries = tensors.map(\.entry)
    offsets = tensors.map(\.range.lowerBound)
    self.metadata = metadata
  }

  private static func length(_ file: UnsafeRawBufferPointer, path: String) throws(Failure) -> Int {
    guard file.count >= 8 else {
      throw .badData(path, "has \(file.count) bytes; a safetensors file begins with an 8-byte header length")
    }
    let stated = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard stated > 0, stated <= maximumLength else {
      throw .badData(path, "states a header of \(stated) bytes, expected 1 to \(maximumLength)")
    }
    let length = Int(stated)
    guard length <= file.count - 8 else {
      throw .badData(
        path,
        "the header ends at byte \(8 + length), past the end of the file (\(file.count)); download it again")
    }
    return length
  }

  private static func metadata(
    _ scanner: inout SafetensorsHeaderScanner
  ) throws(Failure) -> WeightMetadata {
    var metadata: WeightMetadata = [:]
    try scanner.object { key, scanner throws(Failure) in
      guard metadata[key] == nil else {
        throw scanner.error("the metadata key \"\(key.excerpt)\" stands twice")
      }
      metadata[key] = try scanner.string()
    }
    return metadata
  }

  /// Reads `{"dtype": …, "shape": […], "data_offsets": [begin, end]}` in any order.
  private static func tensor(
    _ name: String, _ scanner: inout SafetensorsHeaderScanner, dataStart: Int, path: String
  ) throws(Failure) -> (entry: TensorEntry, range: Range<Int>) {
    guard name.utf8.allSatisfy({ $0 >= 0x20 }) else {
      throw scanner.error("a tensor's name holds a control character")
    }
    let place = "\(path): tensor '\(name.excerpt)'"
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { key, scanner throws(Failure) in
      switch key {
      case "dtype" where dtype == nil:
        let text = try scanner.string()
        dtype = DType(safetensorsName: text)
        guard dtype != nil else {
          let known = DType.safetensorsNames.joined(separator: ", ")
          throw .badData(place, "has the unknown dtype '\(text.excerpt)'; known: \(known)")
        }
      case "shape" where shape == nil: shape = try scanner.integers(atMost: maximumRank)
      case "data_offsets" where offsets == nil: offsets = try scanner.integers(atMost: 2)
      case "dtype", "shape", "data_offsets": throw .badData(place, "has the member '\(key)' twice")
      default: throw .badData(place, "has the unknown member '\(key.excerpt)'")
      }
    }
    guard let dtype, let shape, let offsets else {
      throw .badData(place, "needs the members dtype, shape and data_offsets")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .badData(place, "has data_offsets \(offsets), expected [begin, end] with begin ≤ end")
    }
    guard let bitCount = bitCount(shape, dtype) else {
      throw .badData(place, "has the shape \(shape), which is too large to be true")
    }
    guard bitCount % 8 == 0 else {
      throw .badData(
        place, "is \(dtype.safetensorsName) \(shape), \(bitCount) bits, which do not fill whole bytes")
    }
    let byteCount = bitCount / 8
    guard offsets[1] - offsets[0] == byteCount else {
      throw .badData(
        place,
        "is \(dtype.safetensorsName) \(shape), \(byteCount) bytes, but its offsets span \(offsets[1] - offsets[0])"
      )
    }
    let (end, overflow) = offsets[1].addingReportingOverflow(dataStart)
    guard !overflow else { throw .badData(place, "ends at byte \(offsets[1]) of the data, past any file") }
    return (TensorEntry(name: name, dtype: dtype, shape: shape), dataStart + offsets[0]..<end)
  }

  /// The size of a tensor in bits, nil when the product of its dimensions, leaving out zeros, does not fit.
  private static func bitCount(_ shape: [Int], _ dtype: DType) -> Int? {
    var product = dtype.bits
    for dimension in shape where dimension > 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard !overflow else { return nil }
      product = next
    }
    return shape.contains(0) ? 0 : product
  }

  /// The data section must be covered by the tensors exactly: no overlap, no hole, no tail.
  private static func checkLayout(
    _ tensors: [(entry: TensorEntry, range: Range<Int>)], dataStart: Int, fileSize: Int, path: String
  ) throws(Failure) {
    let order = tensors.indices.sorted {
      let (left, right) = (tensors[$0].range, tensors[$1].range)
      return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
    }
    var covered = dataStart
    var previous = "the header"
    for index in order {
      let (entry, range) = tensors[index]
      guard range.upperBound <= fileSize else {
        throw .badData(
          "\(path): tensor '\(entry.name.excerpt)'",
          "ends at byte \(range.upperBound), past the end of the file (\(fileSize)); download it again")
      }
      guard range.lowerBound >= covered else {
        throw .badData(
          "\(path): tensor '\(entry.name.excerpt)'",
          "begins at byte \(range.lowerBound), inside \(previous), which ends at byte \(covered)")
      }
      guard range.lowerBound == covered else {
        throw .badData(
          path,
          "the bytes \(covered) to \(range.lowerBound) between \(previous) and the tensor '\(entry.name.excerpt)' belong to no tensor"
        )
      }
      covered = range.upperBound
      previous = "the tensor '\(entry.name.excerpt)'"
    }
    guard covered == fileSize else {
      throw .badData(path, "\(fileSize - covered) bytes follow \(previous), which ends at byte \(covered)")
    }
  }
}
