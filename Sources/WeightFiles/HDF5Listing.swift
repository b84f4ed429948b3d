// What an HDF5 file says of its data sets, checked against the size of the file before anything is believed.

import SafeIO
import TensorCore

/// The tensors of an HDF5 file and where their values lie.
struct HDF5Listing {
  /// Sorted by name.
  let entries: [TensorEntry]
  /// For each entry, the bytes of the file that are its values; nil where they have to be expanded.
  let ranges: [Range<Int>?]

  /// - Throws: `Failure.badData` that names the data set.
  init(_ sets: [HDF5Library.DataSet], fileSize: Int, path: String) throws(Failure) {
    var tensors: [(entry: TensorEntry, range: Range<Int>?)] = []
    for set in sets { tensors.append(try Self.tensor(set, fileSize: fileSize, path: path)) }
    tensors.sort { $0.entry.name.precedes($1.entry.name) }
    for (left, right) in zip(tensors, tensors.dropFirst())
    where ExactName(left.entry.name) == ExactName(right.entry.name) {
      throw .badData(path, "the data set '\(left.entry.name)' stands twice in the file")
    }
    let placed = tensors.compactMap { tensor in tensor.range.map { (name: tensor.entry.name, range: $0) } }
      .filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (left, right) in zip(placed, placed.dropFirst()) where right.range.lowerBound < left.range.upperBound
    {
      throw .badData(path, "the values of the data sets '\(left.name)' and '\(right.name)' overlap")
    }
    entries = tensors.map(\.entry)
    ranges = tensors.map(\.range)
  }

  private static func tensor(
    _ set: HDF5Library.DataSet, fileSize: Int, path: String
  ) throws(Failure) -> (entry: TensorEntry, range: Range<Int>?) {
    let place = "\(path): data set '\(set.path.prefix(200))'"
    guard set.path.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
      throw .badData(place, "its name holds a control character")
    }
    let dtype = try dtype(set, place)
    let dimensions = dtype.isPacked ? try statedShape(set, place) : set.shape
    guard let (shape, byteCount) = size(dimensions, dtype) else {
      throw .badData(
        place, "has the shape \(dimensions), which is too large to be true, or fills no whole bytes")
    }
    guard !dtype.isPacked || set.shape == [UInt64(byteCount)] else {
      throw .badData(place, "has \(set.shape) bytes, but \(dtype) \(shape) takes \(byteCount)")
    }
    let entry = TensorEntry(name: set.path, dtype: dtype, shape: shape)
    // What is compressed or in pieces was compared with the bytes it takes when it was listed.
    guard set.storedBytes <= UInt64(fileSize) else {
      throw .badData(place, "takes \(set.storedBytes) bytes, the file has \(fileSize)")
    }
    guard set.isContiguous else { return (entry, nil) }
    guard byteCount > 0 else { return (entry, 0..<0) }
    guard set.storedBytes == UInt64(byteCount), let offset = Int(exactly: set.offset),
      offset <= fileSize, byteCount <= fileSize - offset
    else {
      throw .badData(
        place,
        "needs \(byteCount) bytes from byte \(set.offset) on, the file has \(fileSize); download it again")
    }
    return (entry, offset..<offset + byteCount)
  }

  /// The type that the attribute `dtype` names, of as many bytes as are stored; without one, the stored type.
  private static func dtype(_ set: HDF5Library.DataSet, _ place: String) throws(Failure) -> DType {
    let stored = DType(rawValue: set.type)
    guard !set.dtype.isEmpty else {
      guard let stored else {
        throw .badData(place, "holds bytes, and no attribute 'dtype' says what they mean")
      }
      return stored
    }
    guard let named = DType(safetensorsName: set.dtype) ?? DType(arrayName: set.dtype) else {
      throw .badData(place, "has the unknown dtype '\(set.dtype.prefix(80))'")
    }
    // Other programs note there what the values were before they were cast to the type stored.
    if let stored, stored.isFloat, named.size != stored.size { return stored }
    let isBits =
      stored == nil || stored == named || [.u8, .i8, .u16, .i16].contains(stored)
      || stored == .u64 && named == .c64
    guard isBits, named.size == (stored?.size ?? (set.type == "opaque1" ? 1 : 2)) else {
      throw .badData(place, "says that it is \(set.dtype.prefix(80)), but is stored as \(set.type)")
    }
    return named
  }

  /// The shape of elements that share bytes, which the dimensions of the data set are not.
  private static func statedShape(_ set: HDF5Library.DataSet, _ place: String) throws(Failure) -> [UInt64] {
    let list = try JSON.parse(set.statedShape, source: "\(place): attribute 'shape'").arrayValue
    let shape = list?.compactMap { $0.intValue.flatMap { UInt64(exactly: $0) } }
    guard let shape, shape.count == list?.count, shape.count <= 8 else {
      throw .badData(place, "has an attribute 'shape' that is no list of up to 8 sizes")
    }
    return shape
  }

  /// A shape and the bytes it takes; nil when its bits do not fit 63 bits, or fill no whole bytes.
  private static func size(_ dimensions: [UInt64], _ dtype: DType) -> (shape: [Int], byteCount: Int)? {
    var (shape, bits) = ([Int](), dtype.bits)
    for dimension in dimensions {
      guard let length = Int(exactly: dimension) else { return nil }
      shape.append(length)
      guard length > 0 else { continue }
      let (next, overflow) = bits.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      bits = next
    }
    if shape.contains(0) { return (shape, 0) }
    return bits % 8 == 0 ? (shape, bits / 8) : nil
  }
}

extension DType {
  /// The type of a name as NumPy and Keras write it.
  fileprivate init?(arrayName name: String) {
    let names: [String: DType] = [
      "float64": .f64, "float32": .f32, "float16": .f16, "bfloat16": .bf16, "int64": .i64, "int32": .i32,
      "int16": .i16, "int8": .i8, "uint64": .u64, "uint32": .u32, "uint16": .u16, "uint8": .u8, "bool": .bool,
      "float8_e4m3fn": .f8e4m3, "float8_e5m2": .f8e5m2, "float8_e8m0fnu": .f8e8m0,
    ]
    guard let known = names[name] else { return nil }
    self = known
  }
}
