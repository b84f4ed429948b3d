// Integer codes of a few bits in 32-bit words, as the files of other tools hold them, and as MLX does.
//
// UNSAFE, on purpose: pointers into mapped files and fresh buffers, whose sizes the callers have checked.

import CKernels

/// Codes of a few bits in 32-bit words, in the order of one axis of a matrix.
package struct WordLayout: Sendable, Equatable {
  package enum Axis: Sendable {
    /// Each row is a stream of codes.
    case alongRow
    /// Each column is one.
    case alongColumn
  }

  package let axis: Axis
  /// 1 to 8.
  package let bits: Int
  /// Words from one of a stream to the next.
  package let wordStride: Int
  /// Words from the first of one stream to the first of the next.
  package let lineStride: Int
  /// Whether the eight codes of a word stand in AutoAWQ's order.
  package let isInterleaved: Bool

  package init(_ axis: Axis, bits: Int, wordStride: Int, lineStride: Int, isInterleaved: Bool = false) {
    self.axis = axis
    self.bits = bits
    self.wordStride = wordStride
    self.lineStride = lineStride
    self.isInterleaved = isInterleaved
  }

  /// Writes the codes of some rows, `[rows.count, columns]`, a byte each.
  ///
  /// - Precondition: the words hold those rows, and the target has a place for each code.
  package func unpack(
    _ words: UnsafeRawBufferPointer, rows: Range<Int>, columns: Int,
    into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    precondition(target.count == rows.count * columns, "\(target.count) places for \(rows) of \(columns)")
    guard let base = words.baseAddress, let out = target.baseAddress else { return }
    var packed = mlt_packed(
      words: base, word_stride: Int64(wordStride), line_stride: Int64(lineStride), bits: Int32(bits),
      is_interleaved: isInterleaved ? 1 : 0)
    let (first, last) = (Int64(rows.lowerBound), Int64(rows.upperBound))
    switch axis {
    case .alongRow: mlt_unpack(&packed, 0, Int64(columns), first, last, out, 1, Int64(columns))
    case .alongColumn: mlt_unpack(&packed, first, last, 0, Int64(columns), out, Int64(columns), 1)
    }
  }
}

extension GroupedAffineWeights {
  /// Packs codes, a byte each, into the stream of bits that this format has.
  ///
  /// - Precondition: a multiple of 32 codes, and as many bytes as they take.
  package static func pack(
    _ codes: UnsafeBufferPointer<UInt8>, bits: Int, into target: UnsafeMutableRawBufferPointer
  ) {
    precondition(
      codes.count % 32 == 0 && target.count == codes.count / 8 * bits, "\(target.count) bytes for the codes")
    guard let base = codes.baseAddress, let out = target.baseAddress else { return }
    mlt_affine_pack(base, Int64(codes.count), Int32(bits), out.assumingMemoryBound(to: UInt8.self))
  }
}
