// Unpacking the integer codes of other tools' files (GPTQ, AWQ, compressed-tensors): each packs codes of a few bits into
// 32-bit words along one axis of the matrix, as one stream of bits, least significant first.
#pragma once
#include <stdint.h>

// Codes [lines, length of a line]: code i of line j begins at bit i * bits of the words that lie `word_stride` words apart
// from word j * line_stride on.
typedef struct mlt_packed {
  const void *words;  // u32, any alignment
  int64_t word_stride, line_stride;
  int32_t bits;       // 1 ... 8
  int32_t is_interleaved;  // whether the eight codes of a word stand in AutoAWQ's order 0 2 4 6 1 3 5 7; for 4 bits
} mlt_packed;

// Writes code i of line j, for i in begin ..< end and j in first ..< last, to out[(i - begin) * step + (j - first) * line_step].
void mlt_unpack(const mlt_packed *, int64_t begin, int64_t end, int64_t first, int64_t last, uint8_t *out, int64_t step,
                int64_t line_step);

// Packs codes of a row, a byte each and a multiple of 32 of them, into MLX's stream of `bits` (2, 3, 4, 5, 6 or 8).
void mlt_affine_pack(const uint8_t *codes, int64_t count, int32_t bits, uint8_t *out);
