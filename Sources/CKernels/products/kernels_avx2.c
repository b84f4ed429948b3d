// AVX2 with FMA and F16C (every x86-64 part since Haswell and Zen). The plan of kernels_avx512.c at half the width.
// Nothing reads past a row: what does not fill a vector is done value by value.
#if defined(__x86_64__)
#include <immintrin.h>

#include "common.h"
#include "kernels.h"

#pragma STDC FP_CONTRACT OFF  // expansion is two roundings, as MLX dequantizes
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

// ---- formats: eight weights at a time --------------------------------------------------------------------------------

typedef struct {
  __m256 scale, bias;
} group_values;

INLINE group_values load_group(const mlt_matrix *w, int64_t g) {
  return (group_values){_mm256_set1_ps(float_at(w->scales, w->scale_format, g)),
                        _mm256_set1_ps(float_at(w->biases, w->scale_format, g))};
}

// Eight codes, `bits` bytes: four lie in the low 4 * bits bits, four above.
INLINE __m256 affine8(const int bits, const uint8_t *p, const group_values *v) {
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

INLINE __m256 floats8(const mlt_format format, const uint8_t *row, int64_t i) {
  if (format == MLT_F32) return _mm256_loadu_ps((const float *)(row + 4 * i));
  const __m128i half = _mm_loadu_si128((const __m128i *)(row + 2 * i));
  if (format == MLT_F16) return _mm256_cvtph_ps(half);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

INLINE void expand(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                   float *out) {
  const uint8_t *p = row_at(w, row);
  if (format < MLT_AFFINE2) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) _mm256_storeu_ps(out + i, floats8(format, p, begin + i));
    for (; i < count; i++) out[i] = float_at(p, format, begin + i);
    return;
  }
  const int bits = MLT_CODE_BITS(format), shift = __builtin_ctzll((uint64_t)w->group);
  p += begin / 8 * bits;
  int64_t g = row * (w->columns >> shift) + (begin >> shift), left = w->group - (begin & (w->group - 1));
  for (int64_t i = 0; i < count; left = w->group, g++) {
    const group_values v = load_group(w, g);
    for (const int64_t end = min64(count, i + left); i < end; i += 8, p += bits)
      _mm256_storeu_ps(out + i, affine8(bits, p, &v));
  }
}

// ---- few rows: dot products ------------------------------------------------------------------------------------------

INLINE __m256 weights8(const mlt_format format, const uint8_t *row, int64_t k, const group_values *v) {
  if (format < MLT_AFFINE2) return floats8(format, row, k);
  return affine8(MLT_CODE_BITS(format), row + k / 8 * MLT_CODE_BITS(format), v);
}

INLINE float sum8(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// Row n of W with `rows` rows of X. Sixteen registers allow two sums for each row of X.
INLINE void dot_row(const mlt_format format, const int rows, const mlt_matrix *w, int64_t n, const float *x,
                    int64_t ldx, float *y, int64_t ldy) {
  const int affine = format >= MLT_AFFINE2;
  const uint8_t *p = row_at(w, n);
  int64_t g = affine ? n * (w->columns / w->group) : 0, k = 0;
  group_values v = {0};
  __m256 sums[8];
  UNROLL for (int i = 0; i < 2 * rows; i++) sums[i] = _mm256_setzero_ps();
  for (; k + 16 <= w->columns; k += 16) {
    if (affine && (k & (w->group - 1)) == 0) v = load_group(w, g++);
    UNROLL for (int j = 0; j < 2; j++) {
      const __m256 weights = weights8(format, p, k + 8 * j, &v);
      UNROLL for (int i = 0; i < rows; i++)
        sums[2 * i + j] = _mm256_fmadd_ps(weights, _mm256_loadu_ps(x + i * ldx + k + 8 * j), sums[2 * i + j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    float sum = sum8(_mm256_add_ps(sums[2 * i], sums[2 * i + 1]));
    for (int64_t t = k; t < w->columns; t++) sum += float_at(p, format, t) * x[i * ldx + t];
    y[i * ldy + n] = sum;
  }
}

#define MLT_SET avx2
#include "kernels_formats.h"

// ---- the tile of the blocked product --------------------------------------------------------------------------------

enum { MR = 6, VECTORS = 2, NR = 8 * VECTORS };

// 12 sums, 2 vectors of the panel and one broadcast fill 15 of the 16 registers.
INLINE void micro(const int rows, int64_t steps, const float *x, const float *panel, float *y, int64_t ldy,
                  int32_t add) {
  __m256 sums[MR * VECTORS];
  UNROLL for (int i = 0; i < rows * VECTORS; i++) sums[i] = _mm256_setzero_ps();
  for (int64_t k = 0; k < steps; k++, x += rows, panel += NR) {
    __m256 w[VECTORS];
    UNROLL for (int j = 0; j < VECTORS; j++) w[j] = _mm256_loadu_ps(panel + 8 * j);
    UNROLL for (int i = 0; i < rows; i++) {
      const __m256 xi = _mm256_broadcast_ss(x + i);
      UNROLL for (int j = 0; j < VECTORS; j++)
        sums[i * VECTORS + j] = _mm256_fmadd_ps(xi, w[j], sums[i * VECTORS + j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < VECTORS; j++) {
      float *out = y + i * ldy + 8 * j;
      const __m256 sum = sums[i * VECTORS + j];
      _mm256_storeu_ps(out, add ? _mm256_add_ps(_mm256_loadu_ps(out), sum) : sum);
    }
}

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
  for (int64_t n = 0; n < count; n += NR, out += stride) {
    if (n + NR <= count) {
      UNROLL for (int j = 0; j < NR; j += 8) _mm256_storeu_ps(out + j, _mm256_loadu_ps(in + n + j));
    } else {
      for (int64_t j = 0; j < NR; j++) out[j] = n + j < count ? in[n + j] : 0;
    }
  }
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
