// The block formats of ggml: a row is blocks of 32 or 256 weights, each with its codes and scales side by side. The layout
// of each, to the bit, stands in CKernels/products/kernels_blocks.h.

import CKernels

/// A way in which ggml stores weights in blocks; raw values are ggml's own names (`ggml_type_name`).
package enum BlockFormat: String, Sendable, CaseIterable {
  case q40 = "q4_0"
  case q41 = "q4_1"
  case q50 = "q5_0"
  case q51 = "q5_1"
  case q80 = "q8_0"
  case q2K = "q2_K"
  case q3K = "q3_K"
  case q4K = "q4_K"
  case q5K = "q5_K"
  case q6K = "q6_K"
  case iq4NL = "iq4_nl"
  case iq4XS = "iq4_xs"
  case mxfp4

  /// Weights of a block.
  package var blockSize: Int { Int(mlt_block_size(stored)) }

  /// Bytes of a block.
  package var blockBytes: Int { Int(mlt_block_bytes(stored)) }

  package var bitsPerWeight: Double { Double(blockBytes * 8) / Double(blockSize) }

  /// The format as `CKernels` calls it.
  package var stored: mlt_format {
    switch self {
    case .q40: MLT_Q4_0
    case .q41: MLT_Q4_1
    case .q50: MLT_Q5_0
    case .q51: MLT_Q5_1
    case .q80: MLT_Q8_0
    case .q2K: MLT_Q2_K
    case .q3K: MLT_Q3_K
    case .q4K: MLT_Q4_K
    case .q5K: MLT_Q5_K
    case .q6K: MLT_Q6_K
    case .iq4NL: MLT_IQ4_NL
    case .iq4XS: MLT_IQ4_XS
    case .mxfp4: MLT_MXFP4
    }
  }
}
