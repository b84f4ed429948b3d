// The block formats of ggml: a row is blocks of 32 or 256 weights, each with its codes and scales side by side. The layout
// of each, to the bit, stands in CKernels/products/kernels_blocks.h.

import CKernels

/// A way in which ggml stores weights in blocks; raw values are ggml's own names (`ggml_type_name`).
package enum BlockFormat: String, Sendable, CaseIterable {
  case q4_0
  case q4_1
  case q5_0
  case q5_1
  case q8_0
  case q2_K
  case q3_K
  case q4_K
  case q5_K
  case q6_K
  case iq4_NL = "iq4_nl"
  case iq4_XS = "iq4_xs"
  case mxfp4

  /// Weights of a block.
  package var blockSize: Int { Int(mlt_block_size(stored)) }

  /// Bytes of a block.
  package var blockBytes: Int { Int(mlt_block_bytes(stored)) }

  package var bitsPerWeight: Double { Double(blockBytes * 8) / Double(blockSize) }

  /// The format as `CKernels` calls it.
  package var stored: mlt_format {
    switch self {
    case .q4_0: MLT_Q4_0
    case .q4_1: MLT_Q4_1
    case .q5_0: MLT_Q5_0
    case .q5_1: MLT_Q5_1
    case .q8_0: MLT_Q8_0
    case .q2_K: MLT_Q2_K
    case .q3_K: MLT_Q3_K
    case .q4_K: MLT_Q4_K
    case .q5_K: MLT_Q5_K
    case .q6_K: MLT_Q6_K
    case .iq4_NL: MLT_IQ4_NL
    case .iq4_XS: MLT_IQ4_XS
    case .mxfp4: MLT_MXFP4
    }
  }
}
