// NEON, which every arm64 processor has. The plan of kernels_avx2.c with registers of half the width, and twice as many.
// Nothing reads past a row: what does not fill a vector is done value by value. Tested under an emulator; its speed was
// never measured.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "block_formats.h"
#include "common.h"
#include "kernels.h"

#pragma STDC FP_CONTRACT OFF  // expansion is two roundings, as MLX dequantizes

#include "kernels_eights.h"

INLINE eight affine8(const int bits, const uint8_t *p, const group_values *v) {
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
  eight values;
  values.lo = vcvtq_f32_u32(code[0]), values.hi = vcvtq_f32_u32(code[1]);
  const eight scaled = values * v->scale;
  return scaled + v->bias;
}

INLINE float block_half(uint16_t bits) { return (float)__builtin_bit_cast(_Float16, bits); }
INLINE block_bytes block_lookup(const int8_t table[16], block_bytes codes) {
  const uint8x16_t values = vreinterpretq_u8_s8(vld1q_s8(table));
  return __builtin_bit_cast(block_bytes, vqtbl1q_u8(values, __builtin_bit_cast(uint8x16_t, codes)));
}
INLINE block_floats block_multiply_add(block_floats a, block_floats b, block_floats sum) {
  return __builtin_elementwise_fma(a, b, sum);
}

#define MLT_SET neon
#include "kernels_formats.h"

// ---- the tile of the blocked product --------------------------------------------------------------------------------

// 24 sums, 3 vectors of the panel and the values of X stay in the 32 registers.
enum { MR = 8, VECTORS = 3, LANES = 4 };
#include "kernels_tile.h"

INLINE vec add_products(vec sum, vec x, vec w) { return vfmaq_f32(sum, w, x); }

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
  lay_floats(in, count, stride, out);
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
