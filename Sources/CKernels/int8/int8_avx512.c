// AVX-512 with VNNI: vpdpbusd multiplies four unsigned codes by four signed activations in each lane, a lane is a row
// of W, and the activations are broadcast from memory.
#if defined(__x86_64__)
#include <immintrin.h>

#include "int8_kernels.h"
#include "lanes_avx512.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)

static float round_group(const float *x, int64_t count, int8_t *codes, int32_t *sum) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  __m512i largest = _mm512_setzero_si512(), total = largest;
  for (int64_t i = 0; i < count; i += 16)
    largest = _mm512_max_epu32(largest, _mm512_and_si512(_mm512_castps_si512(_mm512_loadu_ps(x + i)), magnitude));
  const group_scale s = scale_of((uint32_t)_mm512_reduce_max_epu32(largest));
  if (s.factor == 0) {
    memset(codes, 0, (size_t)count);
    *sum = 0;
    return s.scale;
  }
  const __m512 factor = _mm512_set1_ps(s.factor);
  for (int64_t i = 0; i < count; i += 16) {
    __m512i code = _mm512_cvt_roundps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), factor),
                                            _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    total = _mm512_add_epi32(total, code);
    _mm_storeu_si128((__m128i *)(codes + i), _mm512_cvtepi32_epi8(code));
  }
  *sum = _mm512_reduce_add_epi32(total);
  return s.scale;
}

static void widen(const uint8_t *panel, int64_t groups, int64_t words, mlt_format type, uint8_t *out) {
  const __m512i low = _mm512_set1_epi32(0x0f0f0f0f);
  for (int64_t g = 0; g < groups; g++) {
    for (int64_t i = 0; i < words; i++, panel += 64, out += 128) {
      const __m512i word = _mm512_load_si512(panel);
      _mm512_store_si512(out, _mm512_and_si512(word, low));
      _mm512_store_si512(out + 64, _mm512_and_si512(_mm512_srli_epi32(word, 4), low));
    }
    for (int64_t i = 0; i < scale_bytes(type) / 2; i++, panel += 64, out += 64)
      _mm512_store_si512(out, _mm512_load_si512(panel));
  }
}

// Sixteen scales or biases.
INLINE __m512 sixteen(const uint8_t *p, mlt_format type) {
  if (type == MLT_F32) return _mm512_load_ps(p);
  __m256i half = _mm256_load_si256((const __m256i *)p);
  return type == MLT_F16 ? _mm512_cvtph_ps(half)
                         : _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

INLINE void multiply(const int bits, const int panels, const int rows, const mlt_panels *w, const uint32_t *x,
                     float *y, int64_t ldy, int64_t columns, int32_t add) {
  // The f32 sums stay in memory (a load, two multiply-adds, a store per group): the registers are for integers.
  __m512 sums[MLT_INT8_TILE_ROWS * 3];
  __mmask16 exists[3];
  UNROLL for (int c = 0; c < panels; c++) {
    exists[c] = first_lanes(columns - 16 * c);
    UNROLL for (int r = 0; r < rows; r++) {
      _mm_prefetch((const char *)(y + r * ldy + 16 * c), _MM_HINT_ET0);
      sums[r * panels + c] = add ? _mm512_maskz_loadu_ps(exists[c], y + r * ldy + 16 * c) : _mm512_setzero_ps();
    }
  }
  const __m512i low = _mm512_set1_epi32(0x0f0f0f0f);
  // A chain of dependent vpdpbusd takes five cycles a step: few rows sum even and odd words apart.
  const int chains = rows * panels <= 4 ? 2 : 1;
  const uint8_t *p[3] = {w->bytes, w->bytes + w->stride, w->bytes + 2 * w->stride};
  const int64_t words = w->words, step = group_bytes(words, w->scale_format), size = scale_bytes(w->scale_format);
  for (int64_t g = 0; g < w->groups; g++) {
    __m512i dots[MLT_INT8_TILE_ROWS * 3];
    UNROLL for (int i = 0; i < chains * rows * panels; i++) dots[i] = _mm512_setzero_si512();
    for (int64_t i = 0; i < words; i += 4) {
      // A few lines at a time: many at once would wait for each other.
      if (w->ahead)
        UNROLL for (int j = 0; j < 4; j++)
          UNROLL for (int c = 0; c < panels; c++) _mm_prefetch((const char *)p[c] + (i + j) * 64 + w->ahead, _MM_HINT_T0);
      UNROLL for (int j = 0; j < 4; j++) {
        __m512i word[3];
        UNROLL for (int c = 0; c < panels; c++) word[c] = _mm512_load_si512(p[c] + (i + j) * 64);
        UNROLL for (int half = 0; half < (bits == 4 ? 2 : 1); half++) {
          __m512i codes[3];
          UNROLL for (int c = 0; c < panels; c++)
            codes[c] = bits == 8 ? word[c] : _mm512_and_si512(half ? _mm512_srli_epi32(word[c], 4) : word[c], low);
          const int chain = chains == 2 ? (bits == 4 ? half : j % 2) : 0;
          UNROLL for (int r = 0; r < rows; r++) {
            const __m512i four = _mm512_set1_epi32((int)x[r]);
            UNROLL for (int c = 0; c < panels; c++) {
              __m512i *d = &dots[(chain * rows + r) * panels + c];
              *d = _mm512_dpbusd_epi32(*d, codes[c], four);
            }
          }
          x += rows;
        }
      }
    }
    __m512 scale[3], bias[3];
    UNROLL for (int c = 0; c < panels; c++) {
      if (w->ahead) _mm_prefetch((const char *)p[c] + words * 64 + w->ahead, _MM_HINT_T0);
      scale[c] = sixteen(p[c] + words * 64, w->scale_format);
      bias[c] = sixteen(p[c] + words * 64 + 16 * size, w->scale_format);
      p[c] += step;
    }
    UNROLL for (int r = 0; r < rows; r++) {
      const __m512 xs = _mm512_set1_ps(bits_float(x[r])), sum = _mm512_set1_ps(bits_float(x[rows + r]));
      UNROLL for (int c = 0; c < panels; c++) {
        __m512i dot = dots[r * panels + c];
        if (chains == 2) dot = _mm512_add_epi32(dot, dots[(rows + r) * panels + c]);
        __m512 *total = &sums[r * panels + c];
        *total = _mm512_fmadd_ps(bias[c], sum, *total);
        *total = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_mul_ps(scale[c], xs), *total);
      }
    }
    x += 2 * rows;
    // As if read here, the sums stay an array on lines of the cache. Taken apart they would be spilled instead, since the
    // integers fill the registers, and to slots that cross lines: 3 % slower on Ice Lake from 6 rows of x on.
    if (rows * panels > 4) __asm__ volatile("" : : "r"(sums) : "memory");
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int c = 0; c < panels; c++)
      _mm512_mask_storeu_ps(y + r * ldy + 16 * c, exists[c], sums[r * panels + c]);
}

#define ROWS(F, bits, panels) \
  F(bits, panels, 1) F(bits, panels, 2) F(bits, panels, 3) F(bits, panels, 4) F(bits, panels, 5) F(bits, panels, 6) \
  F(bits, panels, 7) F(bits, panels, 8)
#define DEFINE(bits, panels, rows)                                                                                \
  static void multiply_##bits##_##panels##_##rows(const mlt_panels *w, const uint32_t *x, float *y, int64_t ldy, \
                                                  int64_t columns, int32_t add) {                                 \
    multiply(bits, panels, rows, w, x, y, ldy, columns, add);                                                     \
  }
#define ENTRY(bits, panels, rows) [rows] = multiply_##bits##_##panels##_##rows,
ROWS(DEFINE, 4, 1) ROWS(DEFINE, 4, 2) ROWS(DEFINE, 4, 3) ROWS(DEFINE, 8, 1) ROWS(DEFINE, 8, 2) ROWS(DEFINE, 8, 3)

const mlt_int8_kernels mlt_int8_avx512 = {
  .name = "avx512vnni", .rows = 8, .panels = 3, .round = round_group, .widen = widen,
  .micro = {{{ROWS(ENTRY, 8, 1)}, {ROWS(ENTRY, 8, 2)}, {ROWS(ENTRY, 8, 3)}},
            {{ROWS(ENTRY, 4, 1)}, {ROWS(ENTRY, 4, 2)}, {ROWS(ENTRY, 4, 3)}}},
};
#pragma clang attribute pop
#endif
