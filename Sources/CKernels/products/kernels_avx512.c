// AVX-512 (F, BW, VL, DQ: every server part since Skylake). Lanes run along k in the dot products and along the
// columns of a panel in the blocked product. Nothing reads past a row: tails are masked loads.
#if defined(__x86_64__)
#include <immintrin.h>

#include "block_formats.h"
#include "common.h"
#include "kernels.h"
#include "lanes_avx512.h"

#pragma STDC FP_CONTRACT OFF  // expansion is two roundings, as MLX dequantizes
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), \
                             apply_to = function)

#define MLT_CONVERTS_HALVES
#include "number_formats.h"

// ---- formats: sixteen weights at a time ------------------------------------------------------------------------------

// What a group of weights shares: for up to 4 bits the values of all codes, else scale and bias.
typedef struct {
  __m512 table, scale, bias;
} group_values;

INLINE group_values load_group(const int bits, const mlt_matrix *w, int64_t g) {
  group_values v;
  v.scale = _mm512_set1_ps(float_at(w->scales, w->scale_format, g));
  v.bias = _mm512_set1_ps(float_at(w->biases, w->scale_format, g));
  if (bits <= 4) {
    // The lookup sees four bits of which the upper 4 - bits belong to the next code: the table repeats.
    __m512i code = _mm512_and_si512(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                                    _mm512_set1_epi32((1 << bits) - 1));
    __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(code), v.scale);
    v.table = _mm512_add_ps(scaled, v.bias);
  }
  return v;
}

// Sixteen codes, 2 * bits bytes. Up to 4 bits: the codes 0..7 and 8..15 each lie in one 32-bit word.
INLINE __m512 affine16(const int bits, const uint8_t *p, const group_values *v) {
  const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i bit = _mm512_mullo_epi32(lane, _mm512_set1_epi32(bits));
  if (bits <= 4) {
    const int second = bits == 2 ? 0 : 2 * bits - 4;  // byte of the second word: no byte past the codes is read
    uint32_t low, high;
    memcpy(&low, p, 4);
    memcpy(&high, p + second, 4);
    __m512i word = _mm512_mask_set1_epi32(_mm512_set1_epi32((int)low), 0xff00, (int)high);
    __m512i shift = _mm512_mask_sub_epi32(bit, 0xff00, bit, _mm512_set1_epi32(8 * second));
    return _mm512_permutexvar_ps(_mm512_srlv_epi32(word, shift), v->table);
  }
  __m512i code;
  if (bits == 8) {
    code = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
  } else {
    // Each lane takes the two bytes that its code may straddle.
    __m512i all = _mm512_broadcast_i32x4(_mm_maskz_loadu_epi8((__mmask16)((1u << 2 * bits) - 1), p));
    __m512i byte = _mm512_srli_epi32(bit, 3);
    __m512i take = _mm512_or_si512(byte, _mm512_slli_epi32(_mm512_add_epi32(byte, _mm512_set1_epi32(1)), 8));
    take = _mm512_or_si512(take, _mm512_set1_epi32((int)0x80800000));
    code = _mm512_srlv_epi32(_mm512_shuffle_epi8(all, take), _mm512_and_si512(bit, _mm512_set1_epi32(7)));
    code = _mm512_and_si512(code, _mm512_set1_epi32((1 << bits) - 1));
  }
  __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(code), v->scale);
  return _mm512_add_ps(scaled, v->bias);
}

// Sixteen floats from value i on, of which the mask keeps some.
INLINE __m512 floats16(const mlt_format format, const uint8_t *row, int64_t i, __mmask16 keep) {
  if (format == MLT_F32) return _mm512_maskz_loadu_ps(keep, row + 4 * i);
  __m256i half = _mm256_maskz_loadu_epi16(keep, row + 2 * i);
  if (format == MLT_F16) return _mm512_cvtph_ps(half);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

INLINE void expand(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                   float *out) {
  if (format > MLT_AFFINE8) {
    expand_numbers(format, w, row, begin, count, out);
    return;
  }
  const uint8_t *p = row_at(w, row);
  if (format < MLT_AFFINE2) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) _mm512_storeu_ps(out + i, floats16(format, p, begin + i, 0xffff));
    const __mmask16 rest = first_lanes(count - i);
    if (rest) _mm512_mask_storeu_ps(out + i, rest, floats16(format, p, begin + i, rest));
    return;
  }
  const int bits = MLT_CODE_BITS(format), shift = __builtin_ctzll((uint64_t)w->group);
  p += begin / 8 * bits;
  int64_t g = row * (w->columns >> shift) + (begin >> shift), left = w->group - (begin & (w->group - 1));
  for (int64_t i = 0; i < count; left = w->group, g++) {
    const group_values v = load_group(bits, w, g);
    for (const int64_t end = min64(count, i + left); i < end; i += 32, p += 4 * bits) {
      _mm512_storeu_ps(out + i, affine16(bits, p, &v));
      _mm512_storeu_ps(out + i + 16, affine16(bits, p + 2 * bits, &v));
    }
  }
}

// ---- few rows: dot products ------------------------------------------------------------------------------------------

INLINE __m512 weights16(const mlt_format format, const uint8_t *row, int64_t k, __mmask16 keep, const group_values *v) {
  if (format < MLT_AFFINE2) return floats16(format, row, k, keep);
  return affine16(MLT_CODE_BITS(format), row + k / 8 * MLT_CODE_BITS(format), v);
}

// Row n of W with `rows` rows of X. Four sums for each row of X hide the latency of the multiply-add.
INLINE void dot_row(const mlt_format format, const int rows, const mlt_matrix *w, int64_t n, const float *x,
                    int64_t ldx, float *y, int64_t ldy) {
  const int bits = MLT_CODE_BITS(format), affine = format >= MLT_AFFINE2;
  const uint8_t *p = row_at(w, n);
  int64_t g = affine ? n * (w->columns / w->group) : 0, k = 0;
  group_values v[2] = {0};
  __m512 sums[16];
  UNROLL for (int i = 0; i < 4 * rows; i++) sums[i] = _mm512_setzero_ps();
  for (; k + 64 <= w->columns; k += 64) {
    if (affine && (k & (w->group - 1)) == 0) v[0] = v[1] = load_group(bits, w, g++);
    if (affine && w->group == 32) v[1] = load_group(bits, w, g++);
    UNROLL for (int j = 0; j < 4; j++) {
      const __m512 weights = weights16(format, p, k + 16 * j, 0xffff, &v[j / 2]);
      UNROLL for (int i = 0; i < rows; i++)
        sums[4 * i + j] = _mm512_fmadd_ps(weights, _mm512_loadu_ps(x + i * ldx + k + 16 * j), sums[4 * i + j]);
    }
  }
  if (affine && k < w->columns) v[0] = load_group(bits, w, g);  // half a step is left: one group of 32
  UNROLL for (int j = 0; j < 4; j++, k += 16) {
    if (k >= w->columns) break;
    const __mmask16 keep = first_lanes(w->columns - k);
    const __m512 weights = weights16(format, p, k, keep, &v[0]);
    UNROLL for (int i = 0; i < rows; i++)
      sums[4 * i + j] = _mm512_fmadd_ps(weights, _mm512_maskz_loadu_ps(keep, x + i * ldx + k), sums[4 * i + j]);
  }
  UNROLL for (int i = 0; i < rows; i++) {
    const __m512 *s = sums + 4 * i;
    y[i * ldy + n] = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s[0], s[1]), _mm512_add_ps(s[2], s[3])));
  }
}

INLINE float block_half(uint16_t bits) { return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits))); }
INLINE block_bytes block_lookup(const int8_t table[16], block_bytes codes) {
  const __m128i values = _mm_loadu_si128((const __m128i *)table);
  return __builtin_bit_cast(block_bytes, _mm_shuffle_epi8(values, __builtin_bit_cast(__m128i, codes)));
}
INLINE block_floats block_multiply_add(block_floats a, block_floats b, block_floats sum) {
  return __builtin_elementwise_fma(a, b, sum);
}

#define MLT_SET avx512
#include "kernels_formats.h"

// ---- the tile of the blocked product --------------------------------------------------------------------------------

// 27 sums, 3 vectors of the panel and one broadcast take 31 of the 32 registers. On Ice Lake this tile reaches 97 % of
// the peak of its multiply-add units with everything in cache, 12 x 2 only 80 %.
enum { MR = 9, VECTORS = 3, LANES = 16 };
#include "kernels_tile.h"

INLINE vec add_products(vec sum, vec x, vec w) { return _mm512_fmadd_ps(x, w, sum); }

MLT_DEFINE_MICRO(1) MLT_DEFINE_MICRO(2) MLT_DEFINE_MICRO(3) MLT_DEFINE_MICRO(4) MLT_DEFINE_MICRO(5) MLT_DEFINE_MICRO(6)
MLT_DEFINE_MICRO(7) MLT_DEFINE_MICRO(8) MLT_DEFINE_MICRO(9)

static void turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out) {
  for (int64_t c = 0; c < width; c += 16) {
    const __mmask16 columns = first_lanes(width - c);
    for (int64_t k = 0; k < count; k += 16) {
      const __mmask16 keep = first_lanes(count - k);
      const int64_t lanes = min64(16, count - k);
      __m512 r[16];
      UNROLL for (int i = 0; i < 16; i++)
        r[i] = c + i < rows ? _mm512_maskz_loadu_ps(keep, in + (c + i) * ld + k) : _mm512_setzero_ps();
      transpose16(r);
      float *to = out + k * width + c;
      if (lanes == 16) {
        UNROLL for (int i = 0; i < 16; i++) _mm512_mask_storeu_ps(to + i * width, columns, r[i]);
      } else {
        UNROLL for (int i = 0; i < 16; i++)
          if (i < lanes) _mm512_mask_storeu_ps(to + i * width, columns, r[i]);
      }
    }
  }
}

static void lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out) {
  (void)ld, (void)rows;  // one k in a lane
  lay_floats(in, count, stride, out);
}

#pragma clang attribute pop

const mlt_kernels mlt_avx512 = {
    .name = "avx512",
    .mr = MR,
    .nr = NR,
    .step = 1,
    .lanes = 1,
    .k_block = 512,
    .piece = 4 * NR,
    .micro = {0, micro_1, micro_2, micro_3, micro_4, micro_5, micro_6, micro_7, micro_8, micro_9},
    .turn = turn,
    .lay = lay,
    .expand = mlt_avx512_expand,
    .dot = mlt_avx512_dot,
};
#endif
