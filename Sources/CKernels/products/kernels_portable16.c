// The references for products with operands of 16 bits: pairs of bf16, and blocks of integers. They define what is
// rounded and how; sets for an instruction set may pair other k and add in another order.
#include <math.h>

#include "common.h"
#include "kernels.h"

#pragma STDC FP_CONTRACT OFF

enum { MR = 4, NR = 8 };

typedef void unit_micro(int rows, const float *x, const float *panel, float sums[MR][NR]);
// Puts one unit into lanes: value k is at in[k * step], rows past `count` are zeros; lanes lie `ld` apart.
typedef void unit_pack(const float *in, int64_t step, int64_t count, float *out, int64_t ld);

INLINE void micro(unit_micro *multiply, const int lanes, int rows, int64_t units, const float *x, const float *panel,
                  float *y, int64_t ldy, int32_t add) {
  float sums[MR][NR] = {0};
  for (int64_t u = 0; u < units; u++) multiply(rows, x + u * lanes * rows, panel + u * lanes * NR, sums);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < NR; j++) y[i * ldy + j] = add ? y[i * ldy + j] + sums[i][j] : sums[i][j];
}

INLINE void turn(unit_pack *pack, const int step, const int lanes, const float *in, int64_t ld, int64_t rows,
                 int64_t count, int64_t width, float *out) {
  for (int64_t k = 0; k < count; k += step, out += lanes * width)
    for (int64_t j = 0; j < width; j++) pack(in + j * ld + k, 1, j < rows ? min64(step, count - k) : 0, out + j, width);
}

INLINE void lay(unit_pack *pack, const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  for (int64_t n = 0; n < count; n += NR, out += stride)
    for (int64_t j = 0; j < NR; j++) pack(in + n + j, ld, n + j < count ? rows : 0, out + j, NR);
}

// ---- pairs of bf16 --------------------------------------------------------------------------------------------------

static void pack_bf16(const float *in, int64_t step, int64_t count, float *out, int64_t ld) {
  (void)ld;  // one lane
  const uint32_t low = count > 0 ? bf16_bits(in[0]) : 0, high = count > 1 ? bf16_bits(in[step]) : 0;
  *out = bits_float(low | high << 16);
}

static void multiply_bf16(int rows, const float *x, const float *panel, float sums[MR][NR]) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < NR; j++) {
      const uint32_t a = float_bits(x[i]), b = float_bits(panel[j]);
      sums[i][j] += bits_float(a & 0xffff0000) * bits_float(b & 0xffff0000);
      sums[i][j] += bits_float(a << 16) * bits_float(b << 16);
    }
}

// ---- blocks of integers ---------------------------------------------------------------------------------------------

enum { BLOCK = MLT_INT16_BLOCK, PAIRS = BLOCK / 2 };

static void pack_int16(const float *in, int64_t step, int64_t count, float *out, int64_t ld) {
  uint32_t largest = 0;  // of the magnitudes: as integers they are in order, and NaN is above infinity
  for (int64_t k = 0; k < count; k++) {
    const uint32_t size = float_bits(in[k * step]) & 0x7fffffff;
    if (size > largest) largest = size;
  }
  const float size = bits_float(largest);
  const int is_number = largest < 0x7f800000, counts = largest >= float_bits(MLT_INT16_LEAST);
  const float factor = counts ? MLT_INT16_MOST / size : 0;
  uint16_t codes[BLOCK] = {0};
  if (is_number)
    for (int64_t k = 0; k < count; k++) codes[k] = (uint16_t)float_bits(fmaf(in[k * step], factor, 0x1.8p23f));
  for (int p = 0; p < PAIRS; p++) out[p * ld] = bits_float(codes[2 * p] | (uint32_t)codes[2 * p + 1] << 16);
  out[PAIRS * ld] = counts ? size * (1.0f / MLT_INT16_MOST) : 0;
}

static void multiply_int16(int rows, const float *x, const float *panel, float sums[MR][NR]) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < NR; j++) {
      int32_t whole = 0;
      for (int p = 0; p < PAIRS; p++) {
        const uint32_t a = float_bits(x[p * rows + i]), b = float_bits(panel[p * NR + j]);
        whole += (int16_t)a * (int16_t)b + (int16_t)(a >> 16) * (int16_t)(b >> 16);
      }
      const float scaled = (float)whole * panel[PAIRS * NR + j];
      sums[i][j] += scaled * x[PAIRS * rows + i];
    }
}

// ---- the sets -------------------------------------------------------------------------------------------------------

#define DEFINE_MICRO(name, LANES, rows)                                                                   \
  static void micro_##name##_##rows(int64_t units, const float *x, const float *panel, float *y,          \
                                    int64_t ldy, int32_t add) {                                           \
    micro(multiply_##name, LANES, rows, units, x, panel, y, ldy, add);                                    \
  }
#define DEFINE_SET(form, text, STEP, LANES)                                                               \
  DEFINE_MICRO(form, LANES, 1) DEFINE_MICRO(form, LANES, 2)                                               \
  DEFINE_MICRO(form, LANES, 3) DEFINE_MICRO(form, LANES, 4)                                               \
  static void turn_##form(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width,        \
                          float *out) {                                                                   \
    turn(pack_##form, STEP, LANES, in, ld, rows, count, width, out);                                      \
  }                                                                                                       \
  static void lay_##form(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride,        \
                         float *out) {                                                                    \
    lay(pack_##form, in, ld, rows, count, stride, out);                                                   \
  }                                                                                                       \
  const mlt_kernels mlt_portable_##form = {                                                               \
      .name = text,                                                                                       \
      .mr = MR,                                                                                           \
      .nr = NR,                                                                                           \
      .step = STEP,                                                                                       \
      .lanes = LANES,                                                                                     \
      .k_block = 512,                                                                                     \
      .piece = 12 * NR,                                                                                   \
      .micro = {0, micro_##form##_1, micro_##form##_2, micro_##form##_3, micro_##form##_4},               \
      .turn = turn_##form,                                                                                \
      .lay = lay_##form,                                                                                  \
      .expand = mlt_portable_expand,                                                                      \
      .dot = mlt_portable_dot,                                                                            \
  };
DEFINE_SET(bf16, "portable bf16", 2, 1)
DEFINE_SET(int16, "portable int16", BLOCK, PAIRS + 1)
