// The int8 kernels in plain C: the reference for all others, and what runs where there is no faster set.
#include <math.h>

#include "int8_kernels.h"

#pragma STDC FP_CONTRACT OFF  // multiply-adds are written where they are meant

static float round_group(const float *x, int64_t count, int8_t *codes, int32_t *sum) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t magnitude = float_bits(x[i]) & 0x7fffffff;
    if (magnitude > largest) largest = magnitude;
  }
  const group_scale s = scale_of(largest);
  *sum = 0;
  for (int64_t i = 0; i < count; i++) {
    codes[i] = s.factor == 0 ? 0 : (int8_t)lrintf(x[i] * s.factor);  // to nearest, ties to even
    *sum += codes[i];
  }
  return s.scale;
}

// Four codes in the bytes of w times four of x.
INLINE int32_t dot4(uint32_t w, uint32_t x) {
  int32_t sum = 0;
  UNROLL for (int i = 0; i < 32; i += 8) sum += (int32_t)(w >> i & 255) * (int8_t)(x >> i & 255);
  return sum;
}

INLINE void multiply(const int bits, const int rows, const mlt_panels *w, const uint32_t *x, float *y, int64_t ldy,
                     int64_t columns, int32_t add) {
  float sums[4 * MLT_PANEL_ROWS] __attribute__((aligned(64)));
  fetch_sums(y, ldy, rows, columns, add, sums);
  const uint8_t *p = w->bytes;
  const int words = w->words;
  for (int64_t g = 0; g < w->groups; g++) {
    const uint32_t *codes = (const uint32_t *)p;
    const uint8_t *scales = p + MLT_PANEL_ROWS * 4 * words, *biases = scales + MLT_PANEL_ROWS * scale_bytes(w->scale_format);
    const uint32_t *xs = x + words * (bits == 4 ? 2 : 1) * rows;
    for (int r = 0; r < rows; r++) {
      int32_t dots[MLT_PANEL_ROWS] = {0};
      for (int i = 0; i < words; i++)
        for (int n = 0; n < MLT_PANEL_ROWS; n++) {
          const uint32_t word = codes[i * MLT_PANEL_ROWS + n];
          if (bits == 8) dots[n] += dot4(word, x[i * rows + r]);
          else dots[n] += dot4(word & 0x0f0f0f0f, x[2 * i * rows + r]) + dot4(word >> 4 & 0x0f0f0f0f, x[(2 * i + 1) * rows + r]);
        }
      const float scale = bits_float(xs[r]), sum = bits_float(xs[rows + r]);
      for (int n = 0; n < MLT_PANEL_ROWS; n++) {
        float *total = sums + r * MLT_PANEL_ROWS + n;
        *total = fmaf(float_at(biases, w->scale_format, n), sum, *total);
        *total = fmaf((float)dots[n], float_at(scales, w->scale_format, n) * scale, *total);
      }
    }
    p += group_bytes(words, w->scale_format);
    x = xs + 2 * rows;
  }
  store_sums(sums, rows, columns, y, ldy);
}

MLT_DEFINE_ONE_PANEL

const mlt_int8_kernels mlt_int8_portable = {
  .name = "portable", .rows = 4, .panels = 1, .round = round_group, .micro = MLT_ONE_PANEL,
};
