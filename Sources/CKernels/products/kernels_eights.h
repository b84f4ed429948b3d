// Expansion and dot products that take eight weights at a time, in vectors that the compiler maps to the registers of the
// instruction set: one of AVX2, two of NEON. Nothing reads past a row: what does not fill a vector is done value by value.
// Included with the set's instructions at hand; the set then defines affine8.
#pragma once
#include "common.h"
#include "kernels.h"
#define MLT_CONVERTS_HALVES
#include "number_formats.h"

typedef float eight __attribute__((ext_vector_type(8), aligned(4)));
typedef uint32_t eight_words __attribute__((ext_vector_type(8)));
typedef uint16_t eight_shorts __attribute__((ext_vector_type(8), aligned(2)));
typedef _Float16 eight_halves __attribute__((ext_vector_type(8), aligned(2)));

// ---- formats --------------------------------------------------------------------------------------------------------

typedef struct {
  eight scale, bias;
} group_values;

INLINE group_values load_group(const mlt_matrix *w, int64_t g) {
  return (group_values){float_at(w->scales, w->scale_format, g), float_at(w->biases, w->scale_format, g)};
}

// Eight codes times scale plus bias, by the set. The codes are `bits` bytes: four lie in the low 4 * bits bits, four above.
INLINE eight affine8(const int bits, const uint8_t *p, const group_values *v);

INLINE eight floats8(const mlt_format format, const uint8_t *row, int64_t i) {
  if (format == MLT_F32) return *(const eight *)(row + 4 * i);
  if (format == MLT_F16) return __builtin_convertvector(*(const eight_halves *)(row + 2 * i), eight);
  return (eight)(__builtin_convertvector(*(const eight_shorts *)(row + 2 * i), eight_words) << 16);
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
    for (; i + 8 <= count; i += 8) *(eight *)(out + i) = floats8(format, p, begin + i);
    for (; i < count; i++) out[i] = float_at(p, format, begin + i);
    return;
  }
  const int bits = MLT_CODE_BITS(format), shift = __builtin_ctzll((uint64_t)w->group);
  p += begin / 8 * bits;
  int64_t g = row * (w->columns >> shift) + (begin >> shift), left = w->group - (begin & (w->group - 1));
  for (int64_t i = 0; i < count; left = w->group, g++) {
    const group_values v = load_group(w, g);
    for (const int64_t end = min64(count, i + left); i < end; i += 8, p += bits)
      *(eight *)(out + i) = affine8(bits, p, &v);
  }
}

// ---- few rows: dot products ------------------------------------------------------------------------------------------

INLINE eight weights8(const mlt_format format, const uint8_t *row, int64_t k, const group_values *v) {
  if (format < MLT_AFFINE2) return floats8(format, row, k);
  return affine8(MLT_CODE_BITS(format), row + k / 8 * MLT_CODE_BITS(format), v);
}

INLINE float sum_of(eight v) {
  const float __attribute__((ext_vector_type(4))) four = v.lo + v.hi;
  const float __attribute__((ext_vector_type(2))) two = four.lo + four.hi;
  return two.x + two.y;
}

// Row n of W with `rows` rows of X, at most four. Sixteen registers allow two sums for each row of X.
INLINE void dot_row(const mlt_format format, const int rows, const mlt_matrix *w, int64_t n, const float *x,
                    int64_t ldx, float *y, int64_t ldy) {
  const int affine = format >= MLT_AFFINE2;
  const uint8_t *p = row_at(w, n);
  int64_t g = affine ? n * (w->columns / w->group) : 0, k = 0;
  group_values v = {0};
  eight sums[8];
  UNROLL for (int i = 0; i < 2 * rows; i++) sums[i] = 0.0f;
  for (; k + 16 <= w->columns; k += 16) {
    if (affine && (k & (w->group - 1)) == 0) v = load_group(w, g++);
    UNROLL for (int j = 0; j < 2; j++) {
      const eight weights = weights8(format, p, k + 8 * j, &v);
      UNROLL for (int i = 0; i < rows; i++)
        sums[2 * i + j] = __builtin_elementwise_fma(weights, *(const eight *)(x + i * ldx + k + 8 * j), sums[2 * i + j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    float sum = sum_of(sums[2 * i] + sums[2 * i + 1]);
    for (int64_t t = k; t < w->columns; t++) sum += float_at(p, format, t) * x[i * ldx + t];
    y[i * ldy + n] = sum;
  }
}
