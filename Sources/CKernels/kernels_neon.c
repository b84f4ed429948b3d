// NEON, which every arm64 processor has. The tile is written for it; formats and dot products are the portable ones, whose
// loops compilers turn into NEON code by themselves.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "common.h"
#include "kernels.h"

enum { MR = 8, VECTORS = 3, NR = 4 * VECTORS };

// 24 sums, 3 vectors of the panel and the values of X stay in the 32 registers.
INLINE void micro(const int rows, int64_t steps, const float *x, const float *panel, float *y, int64_t ldy,
                  int32_t add) {
  float32x4_t sums[MR * VECTORS];
  UNROLL for (int i = 0; i < rows * VECTORS; i++) sums[i] = vdupq_n_f32(0);
  for (int64_t k = 0; k < steps; k++, x += rows, panel += NR) {
    float32x4_t w[VECTORS];
    UNROLL for (int j = 0; j < VECTORS; j++) w[j] = vld1q_f32(panel + 4 * j);
    UNROLL for (int i = 0; i < rows; i++)
      UNROLL for (int j = 0; j < VECTORS; j++)
        sums[i * VECTORS + j] = vfmaq_n_f32(sums[i * VECTORS + j], w[j], x[i]);
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < VECTORS; j++) {
      float *out = y + i * ldy + 4 * j;
      const float32x4_t sum = sums[i * VECTORS + j];
      vst1q_f32(out, add ? vaddq_f32(vld1q_f32(out), sum) : sum);
    }
}

#define DEFINE_MICRO(rows)                                                                                          \
  static void micro_##rows(int64_t steps, const float *x, const float *panel, float *y, int64_t ldy, int32_t add) { \
    micro(rows, steps, x, panel, y, ldy, add);                                                                      \
  }
DEFINE_MICRO(1) DEFINE_MICRO(2) DEFINE_MICRO(3) DEFINE_MICRO(4)
DEFINE_MICRO(5) DEFINE_MICRO(6) DEFINE_MICRO(7) DEFINE_MICRO(8)

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  (void)ld, (void)rows;  // one k in a lane
  for (int64_t n = 0; n < count; n += NR, out += stride)
    for (int64_t j = 0; j < NR; j++) out[j] = n + j < count ? in[n + j] : 0;
}

#define EXPAND(FORMAT, name) [FORMAT] = mlt_expand_##name,
#define DOT(FORMAT, name) [FORMAT] = mlt_dot_##name,
const mlt_kernels mlt_neon = {
    .name = "neon",
    .mr = MR,
    .nr = NR,
    .step = 1,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6, micro_7, micro_8},
    .turn = mlt_turn_any,
    .lay = lay,
    .expand = {MLT_EACH_FORMAT(EXPAND)},
    .dot = {MLT_EACH_FORMAT(DOT)},
};
#endif
