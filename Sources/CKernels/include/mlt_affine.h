// Making and unmaking MLX's affine format: bit for bit what mlx.core.quantize and dequantize do on a CPU (mlx 0.32).
#pragma once
#include "mlt_matrix.h"

// Quantizes whole rows of weights in f32, bf16 or f16 [rows, columns] to `bits` (2, 3, 4, 5, 6, 8) in groups of 32, 64 or 128.
//   codes   u32 [rows, columns * bits / 32]
//   scales, biases   in the type of the weights, [rows, columns / group]
//   errors  [rows, 2]: the sum over a row of (weight - stored value)^2, and of weight^2
// Returns -1, or the index of the first group whose weights or scale are not finite numbers; then outputs are undefined.
int64_t mlt_affine_quantize(mlt_format type, const void *weights, int64_t rows, int64_t columns, int32_t bits,
                            int64_t group, void *codes, void *scales, void *biases, double *errors);

// The versions of the above that this CPU can run, the fastest first and the portable one last; NULL after the last. All give
// the same bits.
typedef struct {
  const char *name;
  int64_t (*quantize)(mlt_format type, const void *weights, int64_t rows, int64_t columns, int32_t bits, int64_t group,
                      void *codes, void *scales, void *biases, double *errors);
} mlt_affine_kernel;
const mlt_affine_kernel *mlt_affine_available(int32_t index);

// The inverse, for whole rows: out[rows, columns] in the type of scales and biases.
// value = round(round(code * scale) + bias), each rounding to that type.
void mlt_affine_dequantize(mlt_format type, const void *codes, const void *scales, const void *biases, int64_t rows,
                           int64_t columns, int32_t bits, int64_t group, void *out);
