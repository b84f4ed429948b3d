// The bytes behind a tensor: a pooled buffer that returns to its pool, or foreign memory that a mapping owns.
//
// UNSAFE, on purpose: hands out raw pointers. They are valid while the storage is alive.

/// Shared bytes of one or more tensors; never resized, freed with the last tensor.
final class Storage {
  let address: UnsafeMutableRawPointer
  let byteCount: Int
  private let home: Home

  private enum Home {
    case pool(BufferPool, SizeClass)
    case foreign(AnyObject)
  }

  /// Takes `byteCount` bytes from the pool, with undefined contents.
  init(byteCount: Int) {
    let (buffer, size) = BufferPool.shared.take(byteCount)
    address = buffer
    self.byteCount = byteCount
    home = .pool(.shared, size)
  }

  /// Borrows memory that lives as long as `owner`.
  ///
  /// It is never written to.
  init(mapping bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    // An empty mapping has no address; any aligned one will do, since nothing is read from it.
    address = UnsafeMutableRawPointer(
      mutating: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped)
    byteCount = bytes.count
    home = .foreign(owner)
  }

  /// Whether the bytes may be written: pooled memory, as opposed to a file.
  var isWritable: Bool {
    if case .pool = home { true } else { false }
  }

  deinit {
    if case .pool(let pool, let size) = home { pool.give(address, size) }
  }
}
