// Making MLX's modes of small floats (mxfp4, nvfp4, mxfp8): bit for bit what mlx.core.quantize does on a CPU (mlx 0.32).
// Reading them back is `mlt_expand` of the number formats.
#pragma once
#include "mlt_matrix.h"

typedef enum mlt_scales : int32_t {
  MLT_POWERS,  // E8M0: 2^(code - 127)
  MLT_E4M3_SCALES,
} mlt_scales;

// Quantizes whole rows of weights in f32, bf16 or f16 [rows, columns] to numbers (MLT_E2M1 or MLT_E4M3) in groups of a
// multiple of 16 columns.
//   codes   [rows, columns] of 4 or 8 bits
//   scales  u8 [rows, columns / group]
//   errors  [rows, 2]: the sum over a row of (weight - stored value)^2, and of weight^2
// Returns -1, or the index of the first group whose weights are not finite numbers; then outputs are undefined.
int64_t mlt_numbers_quantize(mlt_format type, const void *weights, int64_t rows, int64_t columns, mlt_format number,
                             mlt_scales kind, int64_t group, uint8_t *codes, uint8_t *scales, double *errors);

// E8M0 or E4M3 scales as bf16, which holds all of them. The code of "not a number" of E8M0 becomes infinity, as in MLX.
void mlt_scales_to_bf16(mlt_scales kind, const uint8_t *in, uint16_t *out, int64_t count);

// Values of a number format (two in a byte for MLT_E2M1) as f32: exact.
void mlt_numbers_to_f32(mlt_format number, const uint8_t *in, float *out, int64_t count);
