// Compressing with zstd (RFC 8878) into a file, block by block: each block is a frame of its own, which every reader of zstd
// joins. So the bytes do not depend on the number of threads, and blocks are compressed at the same time. Weights lose
// nothing by it: what repeats in them repeats within kilobytes.
//
// UNSAFE, on purpose: buffers are lent to the library for a call.

import CZstd

/// Compresses a stream into a file.
package final class ZstdWriter {
  private static let blockSize = 4 << 20
  /// That of the zstd program: higher ones take minutes a gigabyte, and weights hardly shrink further.
  private static let level: Int32 = 3

  private let output: AtomicFile
  private let threads: Int
  /// Whole blocks, and one that is being filled.
  private var blocks: [[UInt8]] = [[]]
  /// Blocks that are being compressed while the next ones come in.
  private var compressing: Background<[[UInt8]]>?
  /// How many bytes were written to the file.
  package private(set) var size = 0

  /// - Parameters:
  ///   - output: where the compressed bytes go; it is left to the caller to finish.
  ///   - threads: how many blocks are compressed at the same time.
  package init(_ output: AtomicFile, threads: Int) {
    self.output = output
    self.threads = max(1, threads)
  }

  /// Adds bytes.
  ///
  /// - Throws: `Failure`: `io`, `interrupted`.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let last = blocks.count - 1
      if blocks[last].isEmpty { blocks[last].reserveCapacity(ZstdWriter.blockSize) }
      let piece = rest.prefix(ZstdWriter.blockSize - blocks[last].count)
      blocks[last].append(contentsOf: piece)
      rest = rest[piece.endIndex...]
      guard blocks[last].count == ZstdWriter.blockSize else { continue }
      if blocks.count == threads { try compress() }
      blocks.append([])
    }
  }

  /// Compresses and writes what is left.
  package func finish() throws(Failure) {
    try compress()
    try writeCompressed()
  }

  /// Begins to compress the blocks at hand, and writes those before them.
  private func compress() throws(Failure) {
    try Interruption.check()
    try writeCompressed()
    let (full, threads) = (blocks.filter { !$0.isEmpty }, threads)
    blocks = []
    compressing = Background { () throws(Failure) in
      try Background.map(full, threads: threads) { block throws(Failure) in try ZstdWriter.frame(of: block) }
    }
  }

  private func writeCompressed() throws(Failure) {
    for frame in try compressing?.value() ?? [] {
      try frame.withUnsafeBufferPointer { bytes throws(Failure) in
        try output.append(UnsafeRawBufferPointer(bytes))
      }
      size += frame.count
    }
    compressing = nil
  }

  private static func frame(of block: [UInt8]) throws(Failure) -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { throw Failure(.io, "there is no memory to compress") }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(block.count))
    let capacity = frame.count
    let size = frame.withUnsafeMutableBytes { target in
      block.withUnsafeBytes { source in
        ZSTD_compress2(context, target.baseAddress, capacity, source.baseAddress, source.count)
      }
    }
    guard ZSTD_isError(size) == 0 else {
      throw Failure(.io, "can't compress: \(String(cString: ZSTD_getErrorName(size)))")
    }
    frame.removeLast(capacity - size)
    // `ByteReader` takes what expands beyond its limit for a bomb. Blocks of zeros would, so they come with a frame that
    // every reader skips (RFC 8878, section 3.1.2).
    let missing = block.count / ByteReader.mostExpansion + 1 - size
    if missing > 0 {
      frame += [0x50, 0x2A, 0x4D, 0x18]
      withUnsafeBytes(of: UInt32(missing).littleEndian) { frame += $0 }
      frame += [UInt8](repeating: 0, count: missing)
    }
    return frame
  }
}
