// Products of bf16 pairs with f32 sums, for arm64 CPUs with the bf16 extension (ARMv8.6: Neoverse V1 and N2, and later).
//
// Weights stored as bf16 come through f32 unharmed; all else is rounded to nearest. Tested under an emulator; its speed was
// never measured.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "common.h"
#include "kernels.h"

#pragma clang attribute push(__attribute__((target("bf16"))), apply_to = function)

// ---- the tile -------------------------------------------------------------------------------------------------------

// 24 sums, 3 vectors of the panel and the pairs of X stay in the 32 registers.
enum { MR = 8, VECTORS = 3, LANES = 4 };
#include "kernels_tile.h"

INLINE vec add_products(vec sum, vec x, vec w) {
  return vbfdotq_f32(sum, vreinterpretq_bf16_f32(w), vreinterpretq_bf16_f32(x));
}

MLT_DEFINE_MICRO(1) MLT_DEFINE_MICRO(2) MLT_DEFINE_MICRO(3) MLT_DEFINE_MICRO(4)
MLT_DEFINE_MICRO(5) MLT_DEFINE_MICRO(6) MLT_DEFINE_MICRO(7) MLT_DEFINE_MICRO(8)

// ---- into lanes -----------------------------------------------------------------------------------------------------

// Two values in a lane, for what does not fill a vector.
INLINE float pair(float low, float high) { return bits_float(bf16_bits(low) | (uint32_t)bf16_bits(high) << 16); }

// Four lanes: pairs of neighbours among eight values.
INLINE float32x4_t pairs(const float *in) {
  const bfloat16x8_t low = vcvtq_low_bf16_f32(vld1q_f32(in));
  return vreinterpretq_f32_bf16(vcvtq_high_bf16_f32(low, vld1q_f32(in + 4)));
}

// Columns begin ..< end of what `turn` makes, from k on, value by value.
static void turn_singly(const float *in, int64_t ld, int64_t rows, int64_t k, int64_t count, int64_t begin,
                        int64_t end, int64_t width, float *out) {
  for (; k < count; k += 2)
    for (int64_t c = begin; c < end; c++) {
      const float *from = in + c * ld + k;
      out[k / 2 * width + c] = c < rows ? pair(from[0], k + 1 < count ? from[1] : 0) : 0;
    }
}

// Four rows and eight k at a time: a 4 x 4 transposition of pairs.
static void turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  int64_t c = 0;
  for (; c + 4 <= width && c + 4 <= rows; c += 4) {
    int64_t k = 0;
    for (; k + 8 <= count; k += 8) {
      float32x4_t r[4];
      UNROLL for (int i = 0; i < 4; i++) r[i] = pairs(in + (c + i) * ld + k);
      const float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);
      UNROLL for (int i = 0; i < 2; i++) {
        float *to = out + (k / 2 + i) * width + c;
        vst1q_f32(to, vcombine_f32(vget_low_f32(a.val[i]), vget_low_f32(b.val[i])));
        vst1q_f32(to + 2 * width, vcombine_f32(vget_high_f32(a.val[i]), vget_high_f32(b.val[i])));
      }
    }
    turn_singly(in, ld, rows, k, count, c, c + 4, width, out);
  }
  turn_singly(in, ld, rows, 0, count, c, width, width, out);
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  for (int64_t n = 0; n < count; n += NR, out += stride) {
    if (n + NR <= count) {
      UNROLL for (int j = 0; j < NR; j += 4) {
        const float *from = in + n + j;
        const bfloat16x8_t low = vcvtq_low_bf16_f32(vld1q_f32(from));
        const bfloat16x8_t high = vcvtq_low_bf16_f32(rows > 1 ? vld1q_f32(from + ld) : vdupq_n_f32(0));
        const uint16x8_t both = vzip1q_u16(vreinterpretq_u16_bf16(low), vreinterpretq_u16_bf16(high));
        vst1q_f32(out + j, vreinterpretq_f32_u16(both));
      }
    } else {
      for (int64_t j = 0; j < NR; j++)
        out[j] = n + j < count ? pair(in[n + j], rows > 1 ? in[ld + n + j] : 0) : 0;
    }
  }
}

#pragma clang attribute pop

const mlt_kernels mlt_neon_bf16 = {
    .name = "neon bf16",
    .mr = MR,
    .nr = NR,
    .step = 2,
    .lanes = 1,
    .k_block = 1024,
    .piece = 12 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6, micro_7, micro_8},
    .turn = turn,
    .lay = lay,
    .expand = mlt_neon_expand,
    .dot = mlt_neon_dot,
};
#endif
