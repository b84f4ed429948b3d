// AVX2 with FMA. vpmaddubsw adds two products of unsigned and signed bytes with saturation to 16 bits: codes of 4 bits
// never reach it, even eight such sums added, so codes of 8 bits are taken as two halves of 4 bits.
#if defined(__x86_64__)
#include <immintrin.h>

#include "int8_kernels.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

INLINE int32_t lanes_sum(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

INLINE uint32_t lanes_max(__m256i v) {
  __m128i s = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_max_epu32(s, _mm_shuffle_epi32(s, 0x4e));
  return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(s, _mm_shuffle_epi32(s, 0xb1)));
}

static float round_group(const float *x, int64_t count, int8_t *codes, int32_t *sum) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff), order = _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0);
  __m256i largest = _mm256_setzero_si256(), total = largest;
  for (int64_t i = 0; i < count; i += 8)
    largest = _mm256_max_epu32(largest, _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(x + i)), magnitude));
  const group_scale s = scale_of(lanes_max(largest));
  if (s.factor == 0) {
    memset(codes, 0, (size_t)count);
    *sum = 0;
    return s.scale;
  }
  const __m256 factor = _mm256_set1_ps(s.factor);
  for (int64_t i = 0; i < count; i += 32) {
    __m256i c[4];
    UNROLL for (int j = 0; j < 4; j++) {
      c[j] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i + 8 * j), factor));
      total = _mm256_add_epi32(total, c[j]);
    }
    // Packing works inside the two halves; the words are put in order after it.
    __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(c[0], c[1]), _mm256_packs_epi32(c[2], c[3]));
    _mm256_storeu_si256((__m256i *)(codes + i), _mm256_permutevar8x32_epi32(packed, order));
  }
  *sum = lanes_sum(total);
  return s.scale;
}

// Eight scales or biases, the first at place 0 or 8.
INLINE __m256 eight(const uint8_t *p, mlt_format type) {
  if (type == MLT_F32) return _mm256_loadu_ps((const float *)p);
  __m128i half = _mm_loadu_si128((const __m128i *)p);
  return type == MLT_F16 ? _mm256_cvtph_ps(half)
                         : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

// A batch is 32 columns: at most eight sums of two products, 8 * 2 * 15 * 127 < 2^15.
INLINE void multiply(const int bits, const int rows, const mlt_panels *w, const uint32_t *x, float *y, int64_t ldy,
                     int64_t columns, int32_t add) {
  float sums[4 * MLT_PANEL_ROWS] __attribute__((aligned(64)));
  fetch_sums(y, ldy, rows, columns, add, sums);
  const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1), sixteens = _mm256_set1_epi16(16);
  const uint8_t *p = w->bytes;
  const int64_t words = w->words, step = group_bytes(words, w->scale_format), size = scale_bytes(w->scale_format);
  const int batch = bits;  // words of 32 columns
  for (int64_t g = 0; g < w->groups; g++) {
    const uint32_t *xs = x + words * (8 / bits) * rows;
    UNROLL for (int half = 0; half < 2; half++) {
      const uint8_t *codes = p + 32 * half, *scales = p + 64 * words + 8 * half * size;
      const uint32_t *a = x;
      __m256i dots[4];
      UNROLL for (int r = 0; r < rows; r++) dots[r] = _mm256_setzero_si256();
      for (int64_t i = 0; i < words; i += batch) {
        __m256i few[4], more[4];  // 8 bits: of the low and of the high halves
        UNROLL for (int r = 0; r < rows; r++) few[r] = more[r] = _mm256_setzero_si256();
        UNROLL for (int j = 0; j < batch; j++, codes += 64) {
          const __m256i word = _mm256_load_si256((const __m256i *)codes);
          const __m256i first = _mm256_and_si256(word, low), second = _mm256_and_si256(_mm256_srli_epi16(word, 4), low);
          UNROLL for (int r = 0; r < rows; r++) {
            const __m256i four = _mm256_set1_epi32((int)a[r]);
            few[r] = _mm256_add_epi16(few[r], _mm256_maddubs_epi16(first, four));
            if (bits == 8) more[r] = _mm256_add_epi16(more[r], _mm256_maddubs_epi16(second, four));
          }
          a += rows;
          if (bits == 4) {
            UNROLL for (int r = 0; r < rows; r++)
              few[r] = _mm256_add_epi16(few[r], _mm256_maddubs_epi16(second, _mm256_set1_epi32((int)a[r])));
            a += rows;
          }
        }
        UNROLL for (int r = 0; r < rows; r++) {
          dots[r] = _mm256_add_epi32(dots[r], _mm256_madd_epi16(few[r], ones));
          if (bits == 8) dots[r] = _mm256_add_epi32(dots[r], _mm256_madd_epi16(more[r], sixteens));
        }
      }
      const __m256 scale = eight(scales, w->scale_format), bias = eight(scales + 16 * size, w->scale_format);
      UNROLL for (int r = 0; r < rows; r++) {
        float *place = sums + r * 16 + 8 * half;
        __m256 total = _mm256_fmadd_ps(bias, _mm256_set1_ps(bits_float(xs[rows + r])), _mm256_load_ps(place));
        const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(bits_float(xs[r])));
        _mm256_store_ps(place, _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[r]), both, total));
      }
    }
    p += step;
    x = xs + 2 * rows;
  }
  store_sums(sums, rows, columns, y, ldy);
}

MLT_DEFINE_ONE_PANEL

const mlt_int8_kernels mlt_int8_avx2 = {
  .name = "avx2", .rows = 4, .panels = 1, .round = round_group, .micro = MLT_ONE_PANEL,
};
#pragma clang attribute pop
#endif
