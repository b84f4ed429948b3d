// NEON, which every arm64 processor has. The plan of kernels_avx2.c with registers of half the width, and twice as many.
// Nothing reads past a row: what does not fill a vector is done value by value. Tested under an emulator; its speed was
// never measured.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "common.h"
#include "kernels.h"

#pragma STDC FP_CONTRACT OFF  // expansion is two roundings, as MLX dequantizes

// ---- formats: eight weights at a time --------------------------------------------------------------------------------

typedef struct {
  float scale, bias;
} group_values;

INLINE group_values load_group(const mlt_matrix *w, int64_t g) {
  return (group_values){float_at(w->scales, w->scale_format, g), float_at(w->biases, w->scale_format, g)};
}

// Eight codes, `bits` bytes: four lie in the low 4 * bits bits, four above.
INLINE float32x4x2_t affine8(const int bits, const uint8_t *p, const group_values *v) {
  uint32x4_t code[2];
  if (bits == 8) {
    const uint16x8_t wide = vmovl_u8(vld1_u8(p));
    code[0] = vmovl_u16(vget_low_u16(wide)), code[1] = vmovl_u16(vget_high_u16(wide));
  } else {
    const uint64_t codes = eight_codes(p, bits);
    const int32x4_t shift = {0, -bits, -2 * bits, -3 * bits};
    const uint32x4_t mask = vdupq_n_u32((1u << bits) - 1);
    code[0] = vandq_u32(vshlq_u32(vdupq_n_u32((uint32_t)codes), shift), mask);
    code[1] = vandq_u32(vshlq_u32(vdupq_n_u32((uint32_t)(codes >> 4 * bits)), shift), mask);
  }
  float32x4x2_t values;
  UNROLL for (int i = 0; i < 2; i++) {
    const float32x4_t scaled = vmulq_n_f32(vcvtq_f32_u32(code[i]), v->scale);
    values.val[i] = vaddq_f32(scaled, vdupq_n_f32(v->bias));
  }
  return values;
}

INLINE float32x4x2_t floats8(const mlt_format format, const uint8_t *row, int64_t i) {
  if (format == MLT_F32) {
    const float *p = (const float *)(row + 4 * i);
    return (float32x4x2_t){{vld1q_f32(p), vld1q_f32(p + 4)}};
  }
  const uint16x8_t half = vld1q_u16((const uint16_t *)(row + 2 * i));
  if (format == MLT_BF16)
    return (float32x4x2_t){{vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(half), 16)),
                            vreinterpretq_f32_u32(vshll_n_u16(vget_high_u16(half), 16))}};
  return (float32x4x2_t){{vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(half))),
                          vcvt_f32_f16(vreinterpret_f16_u16(vget_high_u16(half)))}};
}

INLINE void expand(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                   float *out) {
  const uint8_t *p = row_at(w, row);
  if (format < MLT_AFFINE2) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) vst1q_f32_x2(out + i, floats8(format, p, begin + i));
    for (; i < count; i++) out[i] = float_at(p, format, begin + i);
    return;
  }
  const int bits = MLT_CODE_BITS(format);
  p += begin / 8 * bits;
  int64_t g = row * (w->columns / w->group) + begin / w->group, left = w->group - begin % w->group;
  for (int64_t i = 0; i < count; left = w->group, g++) {
    const group_values v = load_group(w, g);
    for (const int64_t end = min64(count, i + left); i < end; i += 8, p += bits)
      vst1q_f32_x2(out + i, affine8(bits, p, &v));
  }
}

// ---- few rows: dot products ------------------------------------------------------------------------------------------

INLINE float32x4x2_t weights8(const mlt_format format, const uint8_t *row, int64_t k, const group_values *v) {
  if (format < MLT_AFFINE2) return floats8(format, row, k);
  return affine8(MLT_CODE_BITS(format), row + k / 8 * MLT_CODE_BITS(format), v);
}

// Row n of W with `rows` rows of X, at most four. Four sums for each row of X hide the latency of an addition.
INLINE void dot_row(const mlt_format format, const int rows, const mlt_matrix *w, int64_t n, const float *x,
                    int64_t ldx, float *y, int64_t ldy) {
  const int affine = format >= MLT_AFFINE2;
  const uint8_t *p = row_at(w, n);
  int64_t g = affine ? n * (w->columns / w->group) : 0, k = 0;
  group_values v = {0};
  float32x4_t sums[16];
  UNROLL for (int i = 0; i < 4 * rows; i++) sums[i] = vdupq_n_f32(0);
  for (; k + 16 <= w->columns; k += 16) {
    if (affine && (k & (w->group - 1)) == 0) v = load_group(w, g++);
    UNROLL for (int j = 0; j < 2; j++) {
      const float32x4x2_t weights = weights8(format, p, k + 8 * j, &v);
      UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int h = 0; h < 2; h++) {
          float32x4_t *sum = &sums[4 * i + 2 * j + h];
          *sum = vfmaq_f32(*sum, weights.val[h], vld1q_f32(x + i * ldx + k + 8 * j + 4 * h));
        }
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    const float32x4_t *s = sums + 4 * i;
    float sum = vaddvq_f32(vaddq_f32(vaddq_f32(s[0], s[1]), vaddq_f32(s[2], s[3])));
    for (int64_t t = k; t < w->columns; t++) sum += float_at(p, format, t) * x[i * ldx + t];
    y[i * ldy + n] = sum;
  }
}

#define MLT_SET neon
#include "kernels_formats.h"

// ---- the tile of the blocked product --------------------------------------------------------------------------------

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

MLT_DEFINE_MICRO(1) MLT_DEFINE_MICRO(2) MLT_DEFINE_MICRO(3) MLT_DEFINE_MICRO(4)
MLT_DEFINE_MICRO(5) MLT_DEFINE_MICRO(6) MLT_DEFINE_MICRO(7) MLT_DEFINE_MICRO(8)

// 4 x 4 transposition: 8 shuffles for 4 vectors.
INLINE void transpose4(float32x4_t r[4]) {
  const float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);
  UNROLL for (int i = 0; i < 2; i++) {
    r[i] = vcombine_f32(vget_low_f32(a.val[i]), vget_low_f32(b.val[i]));
    r[i + 2] = vcombine_f32(vget_high_f32(a.val[i]), vget_high_f32(b.val[i]));
  }
}

static void turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  int64_t c = 0;
  for (; c + 4 <= width && c < rows; c += 4) {
    int64_t k = 0;
    for (; k + 4 <= count; k += 4) {
      float32x4_t r[4];
      UNROLL for (int i = 0; i < 4; i++) r[i] = c + i < rows ? vld1q_f32(in + (c + i) * ld + k) : vdupq_n_f32(0);
      transpose4(r);
      UNROLL for (int i = 0; i < 4; i++) vst1q_f32(out + (k + i) * width + c, r[i]);
    }
    for (; k < count; k++)
      for (int64_t i = c; i < c + 4; i++) out[k * width + i] = i < rows ? in[i * ld + k] : 0;
  }
  for (int64_t k = 0; k < count; k++)
    for (int64_t i = c; i < width; i++) out[k * width + i] = i < rows ? in[i * ld + k] : 0;
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  (void)ld, (void)rows;  // one k in a lane
  for (int64_t n = 0; n < count; n += NR, out += stride) {
    if (n + NR <= count) {
      UNROLL for (int j = 0; j < NR; j += 4) vst1q_f32(out + j, vld1q_f32(in + n + j));
    } else {
      for (int64_t j = 0; j < NR; j++) out[j] = n + j < count ? in[n + j] : 0;
    }
  }
}

const mlt_kernels mlt_neon = {
    .name = "neon",
    .mr = MR,
    .nr = NR,
    .step = 1,
    .lanes = 1,
    .k_block = 512,
    .piece = 8 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6, micro_7, micro_8},
    .turn = turn,
    .lay = lay,
    .expand = mlt_neon_expand,
    .dot = mlt_neon_dot,
};
#endif
