// HDF5 files (https://docs.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html) as weights: a data set is a tensor, its path
// in the file the tensor's name. So are those of Keras: `layers/dense/vars/0` in the files of Keras 3, `dense/dense/kernel:0`
// in older ones, where the attributes `layer_names` and `weight_names` list the parts of these paths.
//
// Values that lie in one piece are mapped where they are. Others, compressed ones above all, are expanded when they are first
// asked for, into a file without a name, so that memory does not have to hold them.
//
// UNSAFE, on purpose: mappings are handed out, and live as long as this object; every offset was checked against the file.

import Glibc
import SafeIO
import Synchronization
import TensorCore

/// The tensors of one HDF5 file.
package final class HDF5File: WeightSource {
  /// The file that holds all weights of a model's folder.
  package static let modelFile = "model.h5"
  /// The version of libhdf5, which decides how it lays out what it writes.
  package static var libraryVersion: String { HDF5Library.version }

  package let path: String
  package let entries: [TensorEntry]
  /// The text attributes of the file itself.
  package let metadata: WeightMetadata
  /// For each entry, where its values are in the file; nil for those that have to be expanded.
  private let ranges: [Range<Int>?]
  private let file: MappedFile
  private let descriptor: Int32
  private let expanded = Mutex<[Int: ExpandedValues]>([:])

  /// Lists what the file holds; no value is read.
  ///
  /// - Throws: `Failure`: `notFound`, `io`, or `badData` that says what no weight file holds.
  package init(path: String) throws(Failure) {
    self.path = path
    descriptor = try Files.openForReading(path)
    do throws(Failure) {
      file = try MappedFile(descriptor: descriptor, path: path)
      let (sets, texts) = try HDF5Library.list(descriptor, size: file.count, path: path)
      let listing = try HDF5Listing(sets, fileSize: file.count, path: path)
      entries = listing.entries
      ranges = listing.ranges
      metadata = texts
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  package func tensor(_ name: String) throws(Failure) -> Tensor {
    let (entry, bytes) = try content(name)
    // Foreign files may put values anywhere; kernels want whole elements.
    if UInt(bitPattern: bytes.baseAddress) % UInt(entry.dtype.size) != 0 {
      let copy = Tensor.uninitialized(entry.shape, dtype: entry.dtype)
      copy.withMutableBytes { $0.copyMemory(from: bytes) }
      return copy
    }
    return Tensor(mapping: bytes, owner: self, shape: entry.shape, dtype: entry.dtype)
  }

  package func bytes(_ name: String) throws(Failure) -> UnsafeRawBufferPointer { try content(name).bytes }

  package func forget(_ name: String) {
    guard let index = entries.position(of: name) else { return }
    if let range = ranges[index] {
      file.forget(range)
    } else {
      expanded.withLock { $0[index]?.forget() }
    }
  }

  private func content(
    _ name: String
  ) throws(Failure) -> (entry: TensorEntry, bytes: UnsafeRawBufferPointer) {
    guard let index = entries.position(of: name) else { throw .badData(path, "has no tensor '\(name)'") }
    let entry = entries[index]
    if let range = ranges[index] { return (entry, UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
    let values = try expanded.withLock { expanded throws(Failure) in
      if let known = expanded[index] { return known }
      let values = try ExpandedValues(byteCount: entry.byteCount, for: path)
      try HDF5Library.read(entry.name, of: descriptor, path: path, into: values.memory)
      expanded[index] = values
      return values
    }
    return (entry, UnsafeRawBufferPointer(values.memory))
  }
}

/// Memory whose bytes are in a file without a name, gone with the object: the system may write them out and read them back.
private final class ExpandedValues: @unchecked Sendable {
  // Unchecked, since nothing changes after the values were read.
  let memory: UnsafeMutableRawBufferPointer

  /// - Parameter path: the file whose values they are, for errors.
  init(byteCount: Int, for path: String) throws(Failure) {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let name = "\(folder)/mlt-\(getpid())-\(UInt64.random(in: 0 ... .max)).partial"
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .io(folder, "expand the values of \(path) here", errno: errno) }
    defer { close(descriptor) }
    unlink(name)
    let code = byteCount == 0 ? 0 : posix_fallocate(descriptor, 0, byteCount)
    guard code == 0 else { throw .io(folder, "expand the values of \(path) here", errno: code) }
    guard byteCount > 0 else {
      memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      address != MAP_FAILED
    else { throw .io(path, "map", errno: errno) }
    memory = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
  }

  deinit { if let base = memory.baseAddress { munmap(base, memory.count) } }

  func forget() {
    if let base = memory.baseAddress { madvise(base, memory.count, MADV_DONTNEED) }
  }
}
