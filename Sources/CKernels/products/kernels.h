// The kernel sets, one per instruction set, each in its own file. dispatch.c chooses among them.
#pragma once
#include "mlt_matrix.h"

extern const mlt_kernels mlt_portable, mlt_portable_bf16, mlt_portable_int16;
#if defined(__x86_64__)
extern const mlt_kernels mlt_avx2, mlt_avx512, mlt_avx512bf16, mlt_avx512bf16_emulated, mlt_avx512vnni;
extern mlt_expand *const mlt_avx2_expand[MLT_FORMATS], *const mlt_avx512_expand[MLT_FORMATS];
extern mlt_dot *const mlt_avx2_dot[MLT_FORMATS], *const mlt_avx512_dot[MLT_FORMATS];
#elif defined(__aarch64__)
extern const mlt_kernels mlt_neon, mlt_neon_bf16;
extern mlt_expand *const mlt_neon_expand[MLT_FORMATS];
extern mlt_dot *const mlt_neon_dot[MLT_FORMATS];
#endif

// Portable parts that serve any set that has nothing faster.
extern mlt_expand *const mlt_portable_expand[MLT_FORMATS];
extern mlt_dot *const mlt_portable_dot[MLT_FORMATS];
mlt_turn mlt_turn_any;

// Blocks of 16-bit integers: the largest magnitude of 64 values becomes MOST, for 64 * MOST^2 < 2^31. Blocks without a
// value of at least LEAST become zeros, since the reciprocal of their scale would overflow.
#define MLT_INT16_BLOCK 64
#define MLT_INT16_MOST 5792
#define MLT_INT16_LEAST 0x1p-100f

// All formats but blocks in the order of mlt_format, for filling a table.
#define MLT_EACH_FORMAT(F) \
  F(MLT_F32, f32) F(MLT_BF16, bf16) F(MLT_F16, f16) F(MLT_AFFINE2, affine2) F(MLT_AFFINE3, affine3) \
  F(MLT_AFFINE4, affine4) F(MLT_AFFINE5, affine5) F(MLT_AFFINE6, affine6) F(MLT_AFFINE8, affine8) \
  F(MLT_E2M1, e2m1) F(MLT_E4M3, e4m3) F(MLT_E5M2, e5m2) F(MLT_I8, i8) F(MLT_U8, u8)
// Formats past this one bring just their expansion: few rows go through `dot_expanded`.
#define MLT_LAST_DIRECT MLT_AFFINE8
// The block formats in the order of mlt_format.
#define MLT_EACH_BLOCK_FORMAT(F) \
  F(MLT_Q4_0, q4_0) F(MLT_Q4_1, q4_1) F(MLT_Q5_0, q5_0) F(MLT_Q5_1, q5_1) F(MLT_Q8_0, q8_0) F(MLT_Q2_K, q2_k) \
  F(MLT_Q3_K, q3_k) F(MLT_Q4_K, q4_k) F(MLT_Q5_K, q5_k) F(MLT_Q6_K, q6_k) F(MLT_IQ4_NL, iq4_nl) \
  F(MLT_IQ4_XS, iq4_xs) F(MLT_MXFP4, mxfp4)
// Code bits of an affine format, 0 for floats.
#define MLT_CODE_BITS(format) \
  ((format) < MLT_AFFINE2 ? 0 : (format) == MLT_AFFINE8 ? 8 : (int)(format) - (int)MLT_AFFINE2 + 2)

// The micro-kernel of a set for one number of rows, from its `micro` for any.
#define MLT_DEFINE_MICRO(rows)                                                                                      \
  static void micro_##rows(int64_t units, const float *x, const float *panel, float *y, int64_t ldy, int32_t add) { \
    micro(rows, units, x, panel, y, ldy, add);                                                                      \
  }
