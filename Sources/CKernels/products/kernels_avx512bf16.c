// Products of bf16 pairs with f32 sums, for CPUs with AVX512-BF16 (Zen 4, Cooper Lake, Sapphire Rapids and later).
//
// Weights stored as bf16 come through f32 unharmed; all else is rounded to nearest. `kernels_avx512bf16_emulated.c`
// compiles this file a second time with the two instructions in plain AVX-512, so that any such machine can test it.
#if defined(__x86_64__)
#include <immintrin.h>

#include "common.h"
#include "kernels.h"
#include "lanes_avx512.h"

#if MLT_EMULATE_BF16
#define TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#define NAME mlt_avx512bf16_emulated
#define TEXT "avx512bf16 emulated"
#else
#define TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma"
#define NAME mlt_avx512bf16
#define TEXT "avx512bf16"
#endif
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)

// ---- the two instructions -------------------------------------------------------------------------------------------

#if MLT_EMULATE_BF16
INLINE __m512i upper_halves(__m512 v) {
  const __m512i u = (__m512i)v, odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __m512i quiet = _mm512_or_si512(u, _mm512_set1_epi32(0x400000));
  return _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), quiet);
}
// The bf16 of the lanes of `low`, then those of `high`.
INLINE __m512i halves(__m512 low, __m512 high) {
  const __m512i word = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29, 27, 25, 23,
                                        21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  return _mm512_permutex2var_epi16(upper_halves(low), word, upper_halves(high));
}
// The instruction also takes subnormal numbers as zeros, and rounds once where this rounds twice.
INLINE __m512 add_pairs(__m512 sum, __m512i a, __m512i b) {
  const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
  sum = _mm512_fmadd_ps((__m512)_mm512_and_si512(a, upper), (__m512)_mm512_and_si512(b, upper), sum);
  return _mm512_fmadd_ps((__m512)_mm512_slli_epi32(a, 16), (__m512)_mm512_slli_epi32(b, 16), sum);
}
#else
INLINE __m512i halves(__m512 low, __m512 high) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }
INLINE __m512 add_pairs(__m512 sum, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
#endif

// ---- the tile -------------------------------------------------------------------------------------------------------

// On a Zen 5 core this tile with its k block reaches 92 to 95 % of the peak of `vdpbf16ps` on packed operands.
enum { MR = 12, VECTORS = 2, LANES = 16 };
#include "kernels_tile.h"

INLINE vec add_products(vec sum, vec x, vec w) { return add_pairs(sum, (__m512i)x, (__m512i)w); }

MLT_DEFINE_MICRO(1) MLT_DEFINE_MICRO(2) MLT_DEFINE_MICRO(3) MLT_DEFINE_MICRO(4) MLT_DEFINE_MICRO(5) MLT_DEFINE_MICRO(6)
MLT_DEFINE_MICRO(7) MLT_DEFINE_MICRO(8) MLT_DEFINE_MICRO(9) MLT_DEFINE_MICRO(10) MLT_DEFINE_MICRO(11) MLT_DEFINE_MICRO(12)

// ---- into lanes -----------------------------------------------------------------------------------------------------

// 32 successive k of a row: lanes are pairs of neighbours.
static void turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  for (int64_t c = 0; c < width; c += 16) {
    const __mmask16 columns = first_lanes(width - c);
    for (int64_t k = 0; k < count; k += 32) {
      const __mmask16 low = first_lanes(count - k), high = first_lanes(count - k - 16);
      const int64_t pairs = min64(16, (count - k + 1) / 2);
      __m512i r[16];
      UNROLL for (int i = 0; i < 16; i++) {
        const float *from = in + (c + i) * ld + k;
        r[i] = c + i < rows ? halves(_mm512_maskz_loadu_ps(low, from), _mm512_maskz_loadu_ps(high, from + 16))
                            : _mm512_setzero_si512();
      }
      transpose16((__m512 *)r);
      float *to = out + k / 2 * width + c;
      if (pairs == 16) {
        UNROLL for (int i = 0; i < 16; i++) _mm512_mask_storeu_epi32(to + i * width, columns, r[i]);
      } else {
        UNROLL for (int i = 0; i < 16; i++)
          if (i < pairs) _mm512_mask_storeu_epi32(to + i * width, columns, r[i]);
      }
    }
  }
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  const __m512i zip = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                       20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (int64_t n = 0; n < count; n += NR, out += stride)
    UNROLL for (int j = 0; j < NR; j += 16) {
      const __mmask16 columns = first_lanes(count - n - j);
      const float *from = in + n + j;
      const __m512 first = _mm512_maskz_loadu_ps(columns, from);
      const __m512 second = _mm512_maskz_loadu_ps(rows > 1 ? columns : 0, from + ld);
      _mm512_storeu_si512(out + j, _mm512_permutexvar_epi16(zip, halves(first, second)));
    }
}

#pragma clang attribute pop

const mlt_kernels NAME = {
    .name = TEXT,
    .mr = MR,
    .nr = NR,
    .step = 2,
    .lanes = 1,
    .k_block = 2048,
    .piece = 2 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6, micro_7, micro_8, micro_9, micro_10, micro_11,
              micro_12},
    .turn = turn,
    .lay = lay,
    .expand = mlt_avx512_expand,
    .dot = mlt_avx512_dot,
};
#endif
