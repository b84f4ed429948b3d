// NEON with the dot product instructions (ARMv8.2, all cores of servers since 2019): sdot multiplies four signed codes by
// four activations in each lane, and takes the activations of a row from a lane of its second operand. Codes of 8 bits
// become signed by subtracting 128, which is given back as 128 times the sum of the activations.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "int8_kernels.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static float round_group(const float *x, int64_t count, int8_t *codes, int32_t *sum) {
  uint32x4_t largest = vdupq_n_u32(0);
  for (int64_t i = 0; i < count; i += 4)
    largest = vmaxq_u32(largest, vandq_u32(vreinterpretq_u32_f32(vld1q_f32(x + i)), vdupq_n_u32(0x7fffffff)));
  const group_scale s = scale_of(vmaxvq_u32(largest));
  int32x4_t total = vdupq_n_s32(0);
  for (int64_t i = 0; i < count; i += 8) {
    // A factor of zero stands for a group that has no values worth a code; infinities times zero become zeros.
    int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i), s.factor));
    int32x4_t b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i + 4), s.factor));
    total = vaddq_s32(total, vaddq_s32(a, b));
    vst1_s8(codes + i, vmovn_s16(vcombine_s16(vmovn_s32(a), vmovn_s32(b))));
  }
  *sum = vaddvq_s32(total);
  return s.scale;
}

// Four scales or biases.
INLINE float32x4_t four(const uint8_t *p, mlt_format type) {
  if (type == MLT_F32) return vld1q_f32((const float *)p);
  const uint16x4_t half = vld1_u16((const uint16_t *)p);
  return type == MLT_F16 ? vcvt_f32_f16(vreinterpret_f16_u16(half)) : vreinterpretq_f32_u32(vshll_n_u16(half, 16));
}

// The lane of x must be known to the compiler.
INLINE int32x4_t dot(int32x4_t sum, int8x16_t codes, int8x16_t x, const int row) {
  switch (row) {
    case 0: return vdotq_laneq_s32(sum, codes, x, 0);
    case 1: return vdotq_laneq_s32(sum, codes, x, 1);
    case 2: return vdotq_laneq_s32(sum, codes, x, 2);
    default: return vdotq_laneq_s32(sum, codes, x, 3);
  }
}

INLINE int8x16_t rows_of(const uint32_t *x, const int rows) {
  int8x16_t v = vdupq_n_s8(0);
  memcpy(&v, x, (size_t)rows * 4);
  return v;
}

INLINE void multiply(const int bits, const int rows, const mlt_panels *w, const uint32_t *x, float *y, int64_t ldy,
                     int64_t columns, int32_t add) {
  float sums[4 * MLT_PANEL_ROWS] __attribute__((aligned(64)));
  fetch_sums(y, ldy, rows, columns, add, sums);
  const uint8_t *p = w->bytes;
  const int64_t words = w->words, size = scale_bytes(w->scale_format);
  for (int64_t g = 0; g < w->groups; g++) {
    int32x4_t dots[4][4], all = vdupq_n_s32(0);
    UNROLL for (int r = 0; r < rows; r++)
      UNROLL for (int c = 0; c < 4; c++) dots[r][c] = vdupq_n_s32(0);
    for (int64_t i = 0; i < words; i++, p += 64) {
      const int8x16_t a = rows_of(x, rows), b = bits == 4 ? rows_of(x + rows, rows) : a;
      if (bits == 8) all = vdotq_s32(all, a, vdupq_n_s8(1));
      UNROLL for (int c = 0; c < 4; c++) {
        const uint8x16_t word = vld1q_u8(p + 16 * c);
        if (bits == 8) {
          const int8x16_t codes = vreinterpretq_s8_u8(veorq_u8(word, vdupq_n_u8(128)));
          UNROLL for (int r = 0; r < rows; r++) dots[r][c] = dot(dots[r][c], codes, a, r);
        } else {
          const int8x16_t low = vreinterpretq_s8_u8(vandq_u8(word, vdupq_n_u8(15)));
          const int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(word, 4));
          UNROLL for (int r = 0; r < rows; r++) dots[r][c] = dot(dot(dots[r][c], low, a, r), high, b, r);
        }
      }
      x += bits == 4 ? 2 * rows : rows;
    }
    UNROLL for (int r = 0; r < rows; r++) {
      const float scale = bits_float(x[r]), sum = bits_float(x[rows + r]);
      const int32x4_t moved = vdupq_n_s32(bits == 8 ? all[r] * 128 : 0);
      UNROLL for (int c = 0; c < 4; c++) {
        float *place = sums + r * MLT_PANEL_ROWS + 4 * c;
        const float32x4_t value = vcvtq_f32_s32(vaddq_s32(dots[r][c], moved));
        const float32x4_t total = vfmaq_n_f32(vld1q_f32(place), four(p + (16 + 4 * c) * size, w->scale_format), sum);
        vst1q_f32(place, vfmaq_f32(total, value, vmulq_n_f32(four(p + 4 * c * size, w->scale_format), scale)));
      }
    }
    p += 2 * MLT_PANEL_ROWS * size;
    x += 2 * rows;
  }
  store_sums(sums, rows, columns, y, ldy);
}

MLT_DEFINE_ONE_PANEL

const mlt_int8_kernels mlt_int8_neon = {
  .name = "neon", .rows = 4, .panels = 1, .round = round_group, .micro = MLT_ONE_PANEL,
};
#pragma clang attribute pop
#endif
