// AVX2 with FMA and F16C (every x86-64 part since Haswell and Zen). The plan of kernels_avx512.c at half the width.
// Nothing reads past a row: what does not fill a vector is done value by value.
#if defined(__x86_64__)
#include <immintrin.h>

#include "block_formats.h"
#include "common.h"
#include "kernels.h"

#pragma STDC FP_CONTRACT OFF  // expansion is two roundings, as MLX dequantizes
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "kernels_eights.h"

INLINE eight affine8(const int bits, const uint8_t *p, const group_values *v) {
  const uint64_t codes = eight_codes(p, bits);
  __m256i code;
  if (bits == 8) {
    code = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)codes));
  } else {
    const __m256i shift = _mm256_set_epi32(3 * bits, 2 * bits, bits, 0, 3 * bits, 2 * bits, bits, 0);
    const __m128i low = _mm_set1_epi32((int)codes), high = _mm_set1_epi32((int)(codes >> 4 * bits));
    code = _mm256_and_si256(_mm256_srlv_epi32(_mm256_set_m128i(high, low), shift),
                            _mm256_set1_epi32((1 << bits) - 1));
  }
  const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(code), v->scale);
  return _mm256_add_ps(scaled, v->bias);
}

INLINE float block_half(uint16_t bits) { return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits))); }
INLINE block_bytes block_lookup(const int8_t table[16], block_bytes codes) {
  const __m128i values = _mm_loadu_si128((const __m128i *)table);
  return __builtin_bit_cast(block_bytes, _mm_shuffle_epi8(values, __builtin_bit_cast(__m128i, codes)));
}
INLINE block_floats block_multiply_add(block_floats a, block_floats b, block_floats sum) {
  return __builtin_elementwise_fma(a, b, sum);
}

#define MLT_SET avx2
#include "kernels_formats.h"

// ---- the tile of the blocked product --------------------------------------------------------------------------------

// 12 sums, 2 vectors of the panel and one broadcast fill 15 of the 16 registers.
enum { MR = 6, VECTORS = 2, LANES = 8 };
#include "kernels_tile.h"

INLINE vec add_products(vec sum, vec x, vec w) { return _mm256_fmadd_ps(x, w, sum); }

MLT_DEFINE_MICRO(1) MLT_DEFINE_MICRO(2) MLT_DEFINE_MICRO(3) MLT_DEFINE_MICRO(4) MLT_DEFINE_MICRO(5) MLT_DEFINE_MICRO(6)

// 8 x 8 transposition: 24 shuffles for 8 vectors.
INLINE void transpose8(__m256 r[8]) {
  __m256 t[8];
  UNROLL for (int i = 0; i < 4; i++) {
    t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
  UNROLL for (int i = 0; i < 2; i++) {
    const __m256 *s = t + 4 * i;
    r[4 * i] = _mm256_shuffle_ps(s[0], s[2], 0x44);
    r[4 * i + 1] = _mm256_shuffle_ps(s[0], s[2], 0xee);
    r[4 * i + 2] = _mm256_shuffle_ps(s[1], s[3], 0x44);
    r[4 * i + 3] = _mm256_shuffle_ps(s[1], s[3], 0xee);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
    t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
  }
  UNROLL for (int i = 0; i < 8; i++) r[i] = t[i];
}

static void turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  const __m256i lane = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
  for (int64_t c = 0; c < width; c += 8) {
    const __m256i columns = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(width - c)), lane);
    int64_t k = 0;
    for (; k + 8 <= count; k += 8) {
      __m256 r[8];
      UNROLL for (int i = 0; i < 8; i++)
        r[i] = c + i < rows ? _mm256_loadu_ps(in + (c + i) * ld + k) : _mm256_setzero_ps();
      transpose8(r);
      UNROLL for (int i = 0; i < 8; i++) _mm256_maskstore_ps(out + (k + i) * width + c, columns, r[i]);
    }
    for (; k < count; k++)
      for (int64_t i = c; i < min64(c + 8, width); i++) out[k * width + i] = i < rows ? in[i * ld + k] : 0;
  }
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  (void)ld, (void)rows;  // one k in a lane
  lay_floats(in, count, stride, out);
}

#pragma clang attribute pop

const mlt_kernels mlt_avx2 = {
    .name = "avx2",
    .mr = MR,
    .nr = NR,
    .step = 1,
    .lanes = 1,
    .k_block = 512,
    .piece = 6 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6},
    .turn = turn,
    .lay = lay,
    .expand = mlt_avx2_expand,
    .dot = mlt_avx2_dot,
};
#endif
