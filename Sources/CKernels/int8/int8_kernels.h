// The int8 kernel sets, one per instruction set, each in its own file; int8.c chooses among them.
#pragma once
#include "common.h"
#include "mlt_int8.h"

extern const mlt_int8_kernels mlt_int8_portable;
#if defined(__x86_64__)
extern const mlt_int8_kernels mlt_int8_avx2, mlt_int8_avx512;
#elif defined(__aarch64__)
extern const mlt_int8_kernels mlt_int8_neon;
#endif

// Bytes of one group of a panel, and where its scales begin; the biases follow the scales.
INLINE int64_t scale_bytes(mlt_format type) { return type == MLT_F32 ? 4 : 2; }
INLINE int64_t group_bytes(int64_t words, mlt_format type) {
  return MLT_PANEL_ROWS * (4 * words + 2 * scale_bytes(type));
}

// Groups whose largest magnitude is smaller count as zeros: 127 over it must be finite, and so must be its inverse.
#define MLT_INT8_LEAST 0x1p-100f
// Bits of an infinity: magnitudes at or past it, compared as integers, are infinities and NaNs.
#define MLT_INFINITY_BITS 0x7f800000u

// What `largest`, the bits of the largest magnitude of a group, says: the factor that maps values to codes and the scale
// that maps them back. A group that holds no finite values gets codes of zero and a scale of NaN.
typedef struct {
  float factor, scale;
} group_scale;
INLINE group_scale scale_of(uint32_t largest) {
  float top = bits_float(largest);
  if (largest >= MLT_INFINITY_BITS) return (group_scale){0, bits_float(0x7fc00000)};
  if (top < MLT_INT8_LEAST) return (group_scale){0, 0};
  return (group_scale){127 / top, top / 127};
}

// For kernels of one panel whose sums stand in memory: their start and their end.
INLINE void fetch_sums(const float *y, int64_t ldy, const int rows, int64_t columns, int32_t add, float *sums) {
  for (int i = 0; i < rows * MLT_PANEL_ROWS; i++) sums[i] = 0;
  if (add)
    for (int r = 0; r < rows; r++)
      for (int64_t n = 0; n < columns; n++) sums[r * MLT_PANEL_ROWS + n] = y[r * ldy + n];
}
INLINE void store_sums(const float *sums, const int rows, int64_t columns, float *y, int64_t ldy) {
  for (int r = 0; r < rows; r++)
    for (int64_t n = 0; n < columns; n++) y[r * ldy + n] = sums[r * MLT_PANEL_ROWS + n];
}

// The micro-kernels of such a set, of 1 to 4 rows, from its `multiply` for any number of bits and rows, and its table of them.
#define MLT_ONE_PANEL_ROWS(F, bits) F(bits, 1) F(bits, 2) F(bits, 3) F(bits, 4)
#define MLT_ONE_PANEL_MICRO(bits, rows)                                                                                \
  static void multiply_##bits##_##rows(const mlt_panels *w, const uint32_t *x, float *y, int64_t ldy, int64_t columns, \
                                       int32_t add) {                                                                  \
    multiply(bits, rows, w, x, y, ldy, columns, add);                                                                  \
  }
#define MLT_ONE_PANEL_ENTRY(bits, rows) [rows] = multiply_##bits##_##rows,
#define MLT_DEFINE_ONE_PANEL MLT_ONE_PANEL_ROWS(MLT_ONE_PANEL_MICRO, 4) MLT_ONE_PANEL_ROWS(MLT_ONE_PANEL_MICRO, 8)
#define MLT_ONE_PANEL {{{MLT_ONE_PANEL_ROWS(MLT_ONE_PANEL_ENTRY, 8)}}, {{MLT_ONE_PANEL_ROWS(MLT_ONE_PANEL_ENTRY, 4)}}}
