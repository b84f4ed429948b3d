// Writes an HDF5 file as a stream: libhdf5 lays it out, since all shapes are known, and each tensor's bytes then go to their
// place in whatever order they come. A tensor becomes a data set under its own name, in groups where the name has slashes.
// Its attribute `dtype` has the name of its type in safetensors; types that HDF5 lacks are kept as unsigned integers of
// their size, so that no bit changes. Elements that share bytes are kept as those bytes, with the shape in an attribute.

import CHDF5Files
import SafeIO
import TensorCore

/// Writes one HDF5 file.
final class HDF5Writer: WeightFileWriter {
  private let file: AtomicFile
  /// What is still to come of each tensor: the bytes of the file that are not written yet.
  private var missing: [ExactName: Range<Int>] = [:]

  /// Lays out the file.
  ///
  /// - Parameters:
  ///   - path: where the file appears when `finish` is called.
  ///   - entries: every tensor that will be appended, in any order, each name once.
  ///   - metadata: text attributes of the file.
  /// - Throws: `Failure`: `io`, or `badData` for names that HDF5 can't hold.
  init(path: String, entries: [TensorEntry], metadata: WeightMetadata) throws(Failure) {
    file = try AtomicFile(path: path)
    let entries = HDF5Writer.inFileOrder(entries)
    try HDF5Writer.checkNames(entries, path: path)
    for (key, value) in metadata where key.isEmpty || key.utf8.contains(0) || value.utf8.contains(0) {
      throw .badData(
        path, "HDF5 can't hold the metadata '\(key.prefix(200))', which has no name or a NUL in it")
    }
    missing = try HDF5Library.locked { () throws(Failure) in
      try HDF5Writer.layOut(file.partialPath, entries, metadata, path: path)
    }
  }

  func append(_ name: String, bytes: UnsafeRawBufferPointer) throws(Failure) {
    guard let range = missing[ExactName(name)], bytes.count <= range.count else {
      preconditionFailure("'\(name)' was not announced with these many bytes")
    }
    var done = 0
    while done < bytes.count {
      try Interruption.check()
      let piece = min(64 << 20, bytes.count - done)
      try file.write(
        UnsafeRawBufferPointer(rebasing: bytes[done..<done + piece]), at: range.lowerBound + done)
      done += piece
    }
    missing[ExactName(name)] = range.lowerBound + done..<range.upperBound
  }

  func isComplete(_ name: String) -> Bool { missing[ExactName(name)]?.isEmpty ?? false }

  func finish(durably: Bool) throws(Failure) {
    precondition(missing.values.allSatisfy(\.isEmpty), "a tensor that was announced is missing")
    try file.finish(durably: durably)
  }

  static func inFileOrder(_ entries: [TensorEntry]) -> [TensorEntry] {
    entries.sorted { $0.name.precedes($1.name) }
  }

  /// Lays out the file with libhdf5 and gives the place of each tensor.
  private static func layOut(
    _ target: String, _ entries: [TensorEntry], _ metadata: WeightMetadata, path: String
  ) throws(Failure) -> [ExactName: Range<Int>] {
    let handle = mlt_hdf5_create(target)
    guard handle >= 0 else { throw Failure(.io, "\(path): libhdf5 can't create it") }
    var isDone = false
    defer { if !isDone { mlt_hdf5_close(handle) } }
    for (key, value) in metadata where mlt_hdf5_add_text(handle, key, value) < 0 {
      throw .badData(path, "libhdf5 can't store the metadata '\(key.prefix(200))'")
    }
    var places: [ExactName: Range<Int>] = [:]
    for entry in entries {
      let isPacked = entry.dtype.isPacked
      let dimensions = isPacked ? [UInt64(entry.byteCount)] : entry.shape.map { UInt64($0) }
      let shape = isPacked ? JSON.array(entry.shape.map(JSON.integer)).text() : nil
      var offset: UInt64 = 0
      let result = mlt_hdf5_add_data_set(
        handle, entry.name, CChar(bitPattern: UInt8(ascii: entry.dtype.storedForm)), entry.dtype.size,
        entry.dtype.safetensorsName, shape, Int32(dimensions.count), dimensions, &offset)
      guard result >= 0 else {
        throw .badData(path, "libhdf5 can't store the tensor '\(entry.name.prefix(200))' \(entry.shape)")
      }
      places[ExactName(entry.name)] = Int(offset)..<Int(offset) + entry.byteCount
    }
    isDone = true
    guard mlt_hdf5_close(handle) >= 0 else {
      throw Failure(.io, "\(path): libhdf5 can't write it; is the disk full?")
    }
    return places
  }

  /// Paths of HDF5 have no empty parts and no `.`, and nothing is a group and a data set at once.
  private static func checkNames(_ entries: [TensorEntry], path: String) throws(Failure) {
    let names = Set(entries.map { ExactName($0.name) })
    for entry in entries {
      let parts = entry.name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      let isSane = parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.contains(0) }
      guard isSane, entry.name.utf8.count < 4096, parts.count <= 32 else {
        throw .badData(path, "HDF5 can't hold a tensor of the name '\(entry.name.prefix(200))'")
      }
      var above = ""
      for part in parts.dropLast() {
        above += (above.isEmpty ? "" : "/") + (String(part) ?? "")
        guard !names.contains(ExactName(above)) else {
          throw .badData(path, "HDF5 can't hold both a tensor '\(above)' and one below it, '\(entry.name)'")
        }
      }
    }
  }
}

extension DType {
  /// How HDF5 keeps the type: as a float, a signed or an unsigned integer.
  fileprivate var storedForm: Unicode.Scalar {
    switch self {
    case .f64, .f32, .f16: "f"
    case .i64, .i32, .i16, .i8: "i"
    case .u64, .u32, .u16, .u8, .bool, .bf16, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .f6e2m3,
      .f6e3m2, .f4, .c64:
      "u"
    }
  }
}
