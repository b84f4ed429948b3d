// Products in 16-bit integers, for CPUs with AVX-512 VNNI and no bf16 products (Cascade Lake, Ice Lake).
//
// 64 successive k of a row or column share a scale, so that the largest of them becomes MOST; `vpdpwssd` adds up the 64
// products of integers without overflow (64 * MOST^2 < 2^31), and the sum is scaled and added in f32. A unit of 64 k is
// 32 lanes of pairs and one lane with the scale. Both operands lose 1.7e-4 rms of their block's size or less, a tenth of
// what rounding to bf16 loses, and an outlier spoils its own block alone.
#if defined(__x86_64__)
#include <immintrin.h>

#include "common.h"
#include "kernels.h"
#include "lanes_avx512.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma"))), \
                             apply_to = function)

enum { MR = 9, VECTORS = 3, NR = 16 * VECTORS, STEP = 64, PAIRS = STEP / 2, LANES = PAIRS + 1 };

// ---- the tile -------------------------------------------------------------------------------------------------------

// As assembly, since clang makes two instructions of the intrinsic where it believes in a shorter chain.
INLINE __m512i add_products(__m512i sum, __m512i a, __m512i b) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  return sum;
}

// One unit. Integers fill the registers, so the f32 sums [rows][NR] stay in the first-level cache. Ice Lake reaches 316 of
// the 355 GFLOP/s of vpdpwssd alone (f32: 175); three operations of scaling after 32 products allow 324.
INLINE void add_unit(const int rows, const float *x, const float *panel, float *sums) {
  __m512i whole[MR * VECTORS];
  UNROLL for (int i = 0; i < rows * VECTORS; i++) whole[i] = _mm512_setzero_si512();
  // Few enough turns for the branch predictor to see the last one coming.
  _Pragma("clang loop unroll_count(4)") for (int k = 0; k < PAIRS; k++, x += rows, panel += NR) {
    __m512i w[VECTORS];
    UNROLL for (int j = 0; j < VECTORS; j++) w[j] = _mm512_loadu_si512(panel + 16 * j);
    UNROLL for (int i = 0; i < rows; i++) {
      const __m512i xi = _mm512_set1_epi32((int)float_bits(x[i]));
      UNROLL for (int j = 0; j < VECTORS; j++)
        whole[i * VECTORS + j] = add_products(whole[i * VECTORS + j], xi, w[j]);
    }
  }
  __m512 scale[VECTORS];
  UNROLL for (int j = 0; j < VECTORS; j++) scale[j] = _mm512_loadu_ps(panel + 16 * j);
  UNROLL for (int i = 0; i < rows; i++) {
    const __m512 xi = _mm512_set1_ps(x[i]);
    UNROLL for (int j = 0; j < VECTORS; j++) {
      float *sum = sums + i * NR + 16 * j;
      const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(whole[i * VECTORS + j]), scale[j]);
      _mm512_storeu_ps(sum, _mm512_fmadd_ps(scaled, xi, _mm512_loadu_ps(sum)));
    }
  }
}

// Inlined, the compiler would keep two copies of the sums and move them to and fro.
#define DEFINE_MICRO(rows)                                                                                          \
  static __attribute__((noinline)) void add_unit_##rows(const float *x, const float *panel, float *sums) {          \
    add_unit(rows, x, panel, sums);                                                                                 \
  }                                                                                                                 \
  static void micro_##rows(int64_t units, const float *x, const float *panel, float *y, int64_t ldy, int32_t add) { \
    float sums[rows * NR] __attribute__((aligned(64))) = {0};                                                       \
    for (int64_t u = 0; u < units; u++) add_unit_##rows(x + u * LANES * rows, panel + u * LANES * NR, sums);        \
    for (int i = 0; i < rows; i++)                                                                                  \
      for (int j = 0; j < NR; j++) y[i * ldy + j] = add ? y[i * ldy + j] + sums[i * NR + j] : sums[i * NR + j];     \
  }
DEFINE_MICRO(1) DEFINE_MICRO(2) DEFINE_MICRO(3) DEFINE_MICRO(4) DEFINE_MICRO(5) DEFINE_MICRO(6)
DEFINE_MICRO(7) DEFINE_MICRO(8) DEFINE_MICRO(9)

// ---- into lanes -----------------------------------------------------------------------------------------------------

// As integers magnitudes are in order, with infinities and NaN above all numbers: those end up in the scale.
INLINE __m512i magnitude(__m512 v) { return _mm512_and_si512((__m512i)v, _mm512_set1_epi32(0x7fffffff)); }

// The scale of blocks whose largest magnitudes these are, and the factor that makes integers of their values. A block
// of nothing but numbers below MLT_INT16_LEAST becomes zeros.
INLINE __m512 block_scale(__m512i largest, __m512 *factor) {
  const __m512 size = (__m512)largest;
  const __mmask16 counts = _mm512_cmpge_epi32_mask(largest, (__m512i)_mm512_set1_ps(MLT_INT16_LEAST));
  *factor = _mm512_maskz_div_ps(counts, _mm512_set1_ps(MLT_INT16_MOST), size);
  return _mm512_maskz_mul_ps(counts, size, _mm512_set1_ps(1.0f / MLT_INT16_MOST));
}

// Integers in the low half of each lane: beside 1.5 * 2^23 the unit in the last place is 1.
INLINE __m512i rounded(__m512 v, __m512 factor) {
  return (__m512i)_mm512_fmadd_ps(v, factor, _mm512_set1_ps(0x1.8p23f));
}
INLINE __m512i pair(__m512i low, __m512i high) {
  return _mm512_mask_blend_epi16(0xaaaaaaaa, low, _mm512_slli_epi32(high, 16));
}

// The largest of the lanes of sixteen vectors, in the order of the vectors.
INLINE __m512i largest_of_each(__m512i r[16]) {
  UNROLL for (int i = 0; i < 8; i++)
    r[i] = _mm512_max_epu32(_mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]), _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]));
  UNROLL for (int i = 0; i < 4; i++)
    r[i] = _mm512_max_epu32(_mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]), _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]));
  UNROLL for (int i = 0; i < 2; i++)
    r[i] = _mm512_max_epu32(_mm512_shuffle_i32x4(r[2 * i], r[2 * i + 1], 0x88),
                            _mm512_shuffle_i32x4(r[2 * i], r[2 * i + 1], 0xdd));
  return _mm512_max_epu32(_mm512_shuffle_i32x4(r[0], r[1], 0x88), _mm512_shuffle_i32x4(r[0], r[1], 0xdd));
}

// One unit of sixteen rows, of which `rows` are there and `columns` wanted.
INLINE void turn_unit(const int whole, const float *in, int64_t ld, int64_t rows, int64_t count, __mmask16 columns,
                      int64_t width, float *out) {
  __mmask16 keep[4];
  UNROLL for (int q = 0; q < 4; q++) keep[q] = whole ? 0xffff : first_lanes(count - 16 * q);
  __m512i r[16];
  UNROLL for (int i = 0; i < 16; i++) {
    r[i] = _mm512_setzero_si512();
    if (whole || i < rows)
      UNROLL for (int q = 0; q < 4; q++)
        r[i] = _mm512_max_epu32(r[i], magnitude(_mm512_maskz_loadu_ps(keep[q], in + i * ld + 16 * q)));
  }
  __m512 factor;
  const __m512 scale = block_scale(largest_of_each(r), &factor);
  float factors[16];
  _mm512_storeu_ps(factors, factor);
  UNROLL for (int half = 0; half < 2; half++, out += 16 * width) {
    UNROLL for (int i = 0; i < 16; i++) {
      r[i] = _mm512_setzero_si512();
      if (whole || i < rows) {
        const float *from = in + i * ld + 32 * half;
        const __m512 f = _mm512_set1_ps(factors[i]);
        r[i] = pair(rounded(_mm512_maskz_loadu_ps(keep[2 * half], from), f),
                    rounded(_mm512_maskz_loadu_ps(keep[2 * half + 1], from + 16), f));
      }
    }
    transpose16((__m512 *)r);
    UNROLL for (int i = 0; i < 16; i++) _mm512_mask_storeu_epi32(out + i * width, columns, r[i]);
  }
  _mm512_mask_storeu_ps(out, columns, scale);
}

static void turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  for (int64_t k = 0; k < count; k += STEP, out += LANES * width)
    for (int64_t c = 0; c < width; c += 16) {
      const float *from = in + c * ld + k;
      if (rows - c >= 16 && count - k >= STEP) turn_unit(1, from, ld, 16, STEP, 0xffff, width, out + c);
      else turn_unit(0, from, ld, rows - c, count - k, first_lanes(width - c), width, out + c);
    }
}

INLINE void lay16(const int whole, const float *in, int64_t ld, int64_t rows, __mmask16 columns, float *out) {
  __m512i largest = _mm512_setzero_si512();
  for (int64_t k = 0; k < (whole ? STEP : rows); k++)
    largest = _mm512_max_epu32(largest, magnitude(_mm512_maskz_loadu_ps(columns, in + k * ld)));
  __m512 factor;
  const __m512 scale = block_scale(largest, &factor);
  for (int half = 0; half < STEP; half += 32)
    for (int k = half; k < half + 16; k++, out += NR) {
      const __m512 low = _mm512_maskz_loadu_ps(whole || k < rows ? columns : 0, in + k * ld);
      const __m512 high = _mm512_maskz_loadu_ps(whole || k + 16 < rows ? columns : 0, in + (k + 16) * ld);
      _mm512_storeu_si512(out, pair(rounded(low, factor), rounded(high, factor)));
    }
  _mm512_storeu_ps(out, scale);
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  for (int64_t n = 0; n < count; n += NR, out += stride)
    for (int64_t j = 0; j < NR; j += 16) {
      const int64_t left = count - n - j;
      if (left >= 16 && rows == STEP) lay16(1, in + n + j, ld, rows, 0xffff, out + j);
      else lay16(0, in + n + j, ld, rows, first_lanes(left), out + j);
    }
}

#pragma clang attribute pop

const mlt_kernels mlt_avx512vnni = {
    .name = "avx512vnni",
    .mr = MR,
    .nr = NR,
    .step = STEP,
    .lanes = LANES,
    .k_block = 1024,
    .piece = 4 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6, micro_7, micro_8, micro_9},
    .turn = turn,
    .lay = lay,
    .expand = mlt_avx512_expand,
    .dot = mlt_avx512_dot,
};
#endif
