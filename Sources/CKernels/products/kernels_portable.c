// The reference: plain C, complete, and what every other kernel set is compared with. It runs where nothing faster
// can, and is the specification of the formats.
#include "block_formats.h"
#include "common.h"
#include "kernels.h"

#pragma STDC FP_CONTRACT OFF  // expansion is two roundings, as MLX dequantizes

#include "number_formats.h"

// ---- formats: expanding a piece of a row -------------------------------------------------------------------------

INLINE void expand_floats(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                          float *out) {
  const uint8_t *p = row_at(w, row);
  for (int64_t i = 0; i < count; i++) out[i] = float_at(p, format, begin + i);
}

INLINE void expand_affine(const int bits, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count, float *out) {
  const int64_t first_group = row * (w->columns / w->group);
  const uint8_t *p = row_at(w, row) + begin / 8 * bits;
  const uint32_t mask = (1u << bits) - 1;
  for (int64_t k = 0; k < count; k += 32) {
    const int64_t g = first_group + (begin + k) / w->group;
    const float scale = float_at(w->scales, w->scale_format, g), bias = float_at(w->biases, w->scale_format, g);
    for (int64_t i = k; i < k + 32; i += 8, p += bits) {
      const uint64_t codes = eight_codes(p, bits);
      for (int j = 0; j < 8; j++) {
        const float scaled = (float)((codes >> (bits * j)) & mask) * scale;
        out[i + j] = scaled + bias;
      }
    }
  }
}

#define DEFINE_EXPAND(FORMAT, name)                                                                               \
  static void expand_##name(const mlt_matrix *w, int64_t row, int64_t begin, int64_t count, float *out) {         \
    if (FORMAT < MLT_AFFINE2) expand_floats(FORMAT, w, row, begin, count, out);                                   \
    else if (FORMAT > MLT_AFFINE8) expand_numbers(FORMAT, w, row, begin, count, out);                             \
    else expand_affine(MLT_CODE_BITS(FORMAT), w, row, begin, count, out);                                         \
  }
MLT_EACH_FORMAT(DEFINE_EXPAND)

// ---- few rows: dot products ---------------------------------------------------------------------------------------

enum { PIECE = 512, LANES = 16 };

// LANES running sums, folded in halves at the end: what a vector unit does, so that compilers can use one.
INLINE void dot(mlt_expand *expand, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x,
                int64_t ldx, float *y, int64_t ldy) {
  for (int64_t n = begin; n < end; n++) {
    float sums[MLT_DOT_ROWS][LANES] = {0}, values[PIECE];
    for (int64_t k = 0; k < w->columns; k += PIECE) {
      const int64_t count = min64(PIECE, w->columns - k), whole = count / LANES * LANES;
      expand(w, n, k, count, values);
      for (int64_t i = 0; i < m; i++) {
        const float *xi = x + i * ldx + k;
        for (int64_t j = 0; j < whole; j += LANES)
          for (int l = 0; l < LANES; l++) sums[i][l] += xi[j + l] * values[j + l];
        for (int64_t j = whole; j < count; j++) sums[i][j - whole] += xi[j] * values[j];
      }
    }
    for (int64_t i = 0; i < m; i++) {
      for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) sums[i][l] += sums[i][l + half];
      y[i * ldy + n] = sums[i][0];
    }
  }
}

#define DEFINE_DOT(FORMAT, name)                                                                                  \
  static void dot_##name(const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x, int64_t ldx, \
                         float *y, int64_t ldy) {                                                                 \
    dot(expand_##name, w, begin, end, m, x, ldx, y, ldy);                                                         \
  }
MLT_EACH_FORMAT(DEFINE_DOT)

// ---- blocks ---------------------------------------------------------------------------------------------------------

INLINE float block_half(uint16_t bits) { return f16_value(bits); }
INLINE block_bytes block_lookup(const int8_t table[16], block_bytes codes) {
  block_bytes values;
  for (int i = 0; i < 16; i++) values[i] = (uint8_t)table[codes[i]];
  return values;
}
INLINE block_floats block_multiply_add(block_floats a, block_floats b, block_floats sum) {
  const block_floats product = a * b;
  return sum + product;
}
#include "kernels_blocks.h"

// ---- the tile of the blocked product --------------------------------------------------------------------------------

enum { MR = 4, NR = 8 };

INLINE void micro(const int rows, int64_t steps, const float *x, const float *panel, float *y, int64_t ldy,
                  int32_t add) {
  float sums[MR][NR] = {0};
  for (int64_t k = 0; k < steps; k++, x += rows, panel += NR)
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < NR; j++) sums[i][j] += x[i] * panel[j];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < NR; j++) y[i * ldy + j] = add ? y[i * ldy + j] + sums[i][j] : sums[i][j];
}

MLT_DEFINE_MICRO(1) MLT_DEFINE_MICRO(2) MLT_DEFINE_MICRO(3) MLT_DEFINE_MICRO(4)

void mlt_turn_any(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  for (int64_t k = 0; k < count; k++)
    for (int64_t j = 0; j < width; j++) out[k * width + j] = j < rows ? in[j * ld + k] : 0;
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  (void)ld, (void)rows;  // one k in a lane
  for (int64_t n = 0; n < count; n += NR, out += stride)
    for (int64_t j = 0; j < NR; j++) out[j] = n + j < count ? in[n + j] : 0;
}

#define EXPAND(FORMAT, name) [FORMAT] = expand_##name,
#define DOT(FORMAT, name) [FORMAT] = dot_##name,
mlt_expand *const mlt_portable_expand[MLT_FORMATS] = {MLT_EACH_FORMAT(EXPAND) MLT_EACH_BLOCK_FORMAT(EXPAND)};
mlt_dot *const mlt_portable_dot[MLT_FORMATS] = {MLT_EACH_FORMAT(DOT) MLT_EACH_BLOCK_FORMAT(DOT)};

const mlt_kernels mlt_portable = {
    .name = "portable",
    .mr = MR,
    .nr = NR,
    .step = 1,
    .lanes = 1,
    .k_block = 512,
    .piece = 12 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4},
    .turn = mlt_turn_any,
    .lay = lay,
    .expand = mlt_portable_expand,
    .dot = mlt_portable_dot,
};
