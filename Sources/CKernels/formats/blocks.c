// Quantization to the block formats of ggml: bit for bit what its reference functions write (quantize_row_q4_0_ref and so on,
// ggml/src/ggml-quants.c), which have no importance matrix. In blocks of 256 the scale (and offset) of each part is
// searched for, by trying roundings and solving for the best line through each, and then the parts' scales are rounded
// themselves. Products are not fused, and sums are in ggml's order: vectors go across sixteen parts and not along them.
// The kernel in blocks_rows.h is written once and compiled for each instruction set.
#include "mlt_blocks.h"

#include <math.h>

#include "block_formats.h"
#include "cpu.h"

#pragma STDC FP_CONTRACT OFF

enum { LANES = 16, PART = 32, BLOCK = 256 };

INLINE void put_half(uint8_t *p, float value) {
  const uint16_t bits = f16_bits(value);
  memcpy(p, &bits, 2);
}
INLINE int is_half(float value) { return (f16_bits(value) & 0x7c00) != 0x7c00; }

#define NAME(name) name##_portable
#include "blocks_rows.h"
#undef NAME

#if defined(__x86_64__)
#define NAME(name) name##_avx2
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "blocks_rows.h"
#pragma clang attribute pop
#undef NAME

#define NAME(name) name##_avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)
#include "blocks_rows.h"
#pragma clang attribute pop
#undef NAME
#endif

int64_t mlt_blocks_quantize_portable(mlt_format format, const float *weights, int64_t count, void *blocks,
                                     double errors[2]) {
  return quantize_portable(format, weights, count, blocks, errors);
}

int64_t mlt_blocks_quantize(mlt_format format, const float *weights, int64_t count, void *blocks, double errors[2]) {
#if defined(__x86_64__)
  if (mlt_has_avx512()) return quantize_avx512(format, weights, count, blocks, errors);
  if (mlt_has_avx2()) return quantize_avx2(format, weights, count, blocks, errors);
#endif
  return quantize_portable(format, weights, count, blocks, errors);
}

// ---- affine groups --------------------------------------------------------------------------------------------------

int32_t mlt_blocks_affine_bits(mlt_format format) {
  switch (format) {
  case MLT_Q4_0:
  case MLT_Q4_1:
  case MLT_Q4_K: return 4;
  case MLT_Q5_0:
  case MLT_Q5_1:
  case MLT_Q5_K: return 5;
  case MLT_Q8_0: return 8;
  default: return 0;
  }
}

// Part 0 ... 7 of a block as codes, one in a byte, and the line that they lie on.
static void affine_part(mlt_format format, const uint8_t *b, int part, uint8_t code[32], float *scale, float *bias) {
  if (format == MLT_Q8_0) {
    *scale = half_at(b);
    *bias = -128 * *scale;
    for (int i = 0; i < 32; i++) code[i] = (uint8_t)(b[2 + i] + 128);
    return;
  }
  if (format == MLT_Q4_K || format == MLT_Q5_K) {
    int of_scale, of_min;
    six_bit_pair(b + 4, part, &of_scale, &of_min);
    *scale = half_at(b) * (float)of_scale;
    *bias = -(half_at(b + 2) * (float)of_min);
    const uint8_t *codes = b + (format == MLT_Q4_K ? 16 : 48) + 32 * (part / 2);
    for (int i = 0; i < 32; i++) {
      code[i] = codes[i] >> 4 * (part % 2) & 15;
      if (format == MLT_Q5_K) code[i] |= (uint8_t)((b[16 + i] >> part & 1) << 4);
    }
    return;
  }
  const int has_least = format == MLT_Q4_1 || format == MLT_Q5_1, has_fifth = format == MLT_Q5_0 || format == MLT_Q5_1;
  *scale = half_at(b);
  *bias = has_least ? half_at(b + 2) : (has_fifth ? -16 : -8) * *scale;
  const uint8_t *p = b + (has_least ? 4 : 2);
  uint32_t fifth = 0;
  if (has_fifth) memcpy(&fifth, p, 4), p += 4;
  for (int i = 0; i < 32; i++) code[i] = (uint8_t)((p[i % 16] >> 4 * (i / 16) & 15) | (fifth >> i & 1) << 4);
}

void mlt_blocks_to_affine(mlt_format format, const void *blocks, int64_t count, void *codes, float *scales,
                          float *biases) {
  const int64_t size = block_size(format), bytes = block_bytes_of(format);
  const int bits = mlt_blocks_affine_bits(format);
  uint8_t *out = codes;
  for (int64_t g = 0; g < count / 32; g++, out += 4 * bits) {
    uint8_t code[32];
    const uint8_t *b = (const uint8_t *)blocks + g * 32 / size * bytes;
    affine_part(format, b, (int)(g * 32 % size / 32), code, scales + g, biases + g);
    for (int i = 0; i < 32; i += 8) {
      uint64_t eight = 0;
      for (int j = 0; j < 8; j++) eight |= (uint64_t)code[i + j] << bits * j;
      memcpy(out + i / 8 * bits, &eight, (size_t)bits);
    }
  }
}

int64_t mlt_blocks_from_affine(const mlt_matrix *w, int64_t row, void *blocks) {
  const int bits = w->format - MLT_AFFINE2 + 2;  // up to 5
  const uint8_t *p = row_at(w, row);
  uint8_t *b = blocks;
  for (int64_t k = 0; k < w->columns; k += 32, b += bits == 5 ? 24 : 20) {
    const int64_t g = row * (w->columns / w->group) + k / w->group;
    const float scale = float_at(w->scales, w->scale_format, g), bias = float_at(w->biases, w->scale_format, g);
    put_half(b, scale);
    put_half(b + 2, bias);
    if (half_at(b) != scale || half_at(b + 2) != bias) return g;
    uint8_t code[32];
    for (int i = 0; i < 32; i += 8, p += bits) {
      const uint64_t eight = eight_codes(p, bits);
      for (int j = 0; j < 8; j++) code[i + j] = (uint8_t)(eight >> bits * j & ((1u << bits) - 1));
    }
    uint8_t *q = b + 4;
    if (bits == 5) {
      uint32_t fifth = 0;
      for (int i = 0; i < 32; i++) fifth |= (uint32_t)(code[i] >> 4) << i;
      memcpy(q, &fifth, 4);
      q += 4;
    }
    for (int i = 0; i < 16; i++) q[i] = (uint8_t)((code[i] & 15) | (code[i + 16] & 15) << 4);
  }
  return -1;
}

int32_t mlt_blocks_can_quantize(mlt_format format) {
  switch (format) {
  case MLT_Q8_0:
  case MLT_Q4_0:
  case MLT_Q4_1:
  case MLT_Q5_0:
  case MLT_Q5_1:
  case MLT_Q4_K:
  case MLT_Q5_K:
  case MLT_Q6_K:
  case MLT_MXFP4: return 1;
  default: return 0;
  }
}
