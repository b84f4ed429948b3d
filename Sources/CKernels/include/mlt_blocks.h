// Quantizing to the block formats of ggml (mlt_matrix.h), and back.
#pragma once
#include <stdint.h>

#include "mlt_matrix.h"

// Quantizes `count` f32 weights, whole blocks, to Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K or MXFP4: bit for
// bit what ggml's quantize_row_*_ref functions write.
// errors[0] += sum of (weight - stored)^2, errors[1] += sum of weight^2.
// Returns -1, or the first block that holds a number that is not finite or too large for the scales.
int64_t mlt_blocks_quantize(mlt_format format, const float *weights, int64_t count, void *blocks, double errors[2]);

// Whether mlt_blocks_quantize writes a format.
int32_t mlt_blocks_can_quantize(mlt_format format);

// Bits of the affine codes that say the same as a block format's, in groups of 32 with scales and biases in f32: 4, 5 or
// 8; 0 where the grids differ.
int32_t mlt_blocks_affine_bits(mlt_format format);
// Such codes, scales and biases of whole blocks: code * scale + bias is every stored value, bit for bit.
void mlt_blocks_to_affine(mlt_format format, const void *blocks, int64_t count, void *codes, float *scales,
                          float *biases);
// The reverse for affine codes of up to 5 bits in groups of 32 or more: blocks of Q4_1, or of Q5_1 for 5 bits. Returns -1,
// or the first group whose scale or bias f16 does not hold.
int64_t mlt_blocks_from_affine(const mlt_matrix *w, int64_t row, void *blocks);

// The portable version of mlt_blocks_quantize: the same bits.
int64_t mlt_blocks_quantize_portable(mlt_format format, const float *weights, int64_t count, void *blocks,
                                     double errors[2]);
