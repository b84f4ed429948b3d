// Weights in one of ggml's block formats, as a GGUF file holds them: nothing is unpacked when they are loaded.
//
// Every value is what ggml's own dequantization gives, bit for bit.

import CKernels
import SafeIO

/// Weights `[rows, columns]` in blocks of ggml.
package final class BlockWeights: StoredWeights, @unchecked Sendable {  // the tensor is immutable
  package let format: BlockFormat
  /// u8 `[rows, bytes of a row]`.
  package let blocks: Tensor
  package let arithmetic: Arithmetic

  /// - Precondition: `blocks` are rows of whole blocks; readers check that before.
  package init(_ blocks: Tensor, format: BlockFormat, arithmetic: Arithmetic = .exact) {
    precondition(
      blocks.dtype == .u8 && blocks.rank == 2 && blocks.shape[1] % format.blockBytes == 0,
      "\(blocks) does not hold rows of \(format.rawValue) blocks")
    self.format = format
    self.blocks = blocks.detached()
    self.arithmetic = arithmetic
  }

  package var byteCount: Int { blocks.count }

  var stored: mlt_matrix {
    let rowBytes = blocks.shape[1]
    var matrix = mlt_matrix()
    matrix.values = UnsafeRawPointer(blocks.storage.address)
    matrix.rows = Int64(blocks.shape[0])
    matrix.columns = Int64(rowBytes / format.blockBytes * format.blockSize)
    matrix.row_bytes = Int64(rowBytes)
    matrix.format = format.stored
    return matrix
  }
}
