// Vectors as wide as the registers of the instruction set, and the product of small f32 tiles that attention is made
// of. Included once per instruction set, which says how many lanes a vector has (VECTOR_LANES).
#include "common.h"

typedef float vec __attribute__((ext_vector_type(VECTOR_LANES), aligned(4)));
typedef int ivec __attribute__((ext_vector_type(VECTOR_LANES), aligned(4)));
typedef float vec4 __attribute__((ext_vector_type(4), aligned(4)));

// A product has its sums in registers: TILE_ROWS x TILE_VECTORS of them where lanes are rows of attention, and
// TILE_ROWS_WIDE x TILE_VECTORS_WIDE where they are the width of a head.
#if VECTOR_LANES == 16 || defined(__aarch64__)  // 32 registers
enum { TILE_ROWS = 8, TILE_VECTORS = 3, TILE_ROWS_WIDE = 6, TILE_VECTORS_WIDE = 4 };
#else  // 16 registers
enum { TILE_ROWS = 6, TILE_VECTORS = 2, TILE_ROWS_WIDE = 6, TILE_VECTORS_WIDE = 2 };
#endif

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec x) { *(vec *)p = x; }
INLINE vec larger(vec a, vec b) { return a > b ? a : b; }

// c[i, :] = (add ? c[i, :] : 0) + sum over k of a[i * a_row + k * a_step] * b[k, :], for `rows` rows of `vectors` vectors.
INLINE void tile(const int rows, const int vectors, long steps, const float *a, long a_row, long a_step,
                 const float *b, long ldb, float *c, long ldc, const int add) {
  vec sums[TILE_ROWS * TILE_VECTORS + TILE_ROWS_WIDE * TILE_VECTORS_WIDE];
  UNROLL for (int i = 0; i < rows * vectors; i++) sums[i] = 0.0f;
  for (long k = 0; k < steps; k++, a += a_step, b += ldb) {
    vec w[4];
    UNROLL for (int j = 0; j < vectors; j++) w[j] = load(b + VECTOR_LANES * j);
    UNROLL for (int i = 0; i < rows; i++) {
      const vec x = a[i * a_row];
      UNROLL for (int j = 0; j < vectors; j++) sums[i * vectors + j] += x * w[j];
    }
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) {
      float *out = c + i * ldc + VECTOR_LANES * j;
      store(out, add ? load(out) + sums[i * vectors + j] : sums[i * vectors + j]);
    }
}

// Any number of rows, in tiles of `most` and then of powers of two.
INLINE void product(const int most, const int vectors, long rows, long steps, const float *a, long a_row, long a_step,
                    const float *b, long ldb, float *c, long ldc, const int add) {
  long i = 0;
  for (; i + most <= rows; i += most)
    tile(most, vectors, steps, a + i * a_row, a_row, a_step, b, ldb, c + i * ldc, ldc, add);
  if (rows - i >= 4) {
    tile(4, vectors, steps, a + i * a_row, a_row, a_step, b, ldb, c + i * ldc, ldc, add);
    i += 4;
  }
  if (rows - i >= 2) {
    tile(2, vectors, steps, a + i * a_row, a_row, a_step, b, ldb, c + i * ldc, ldc, add);
    i += 2;
  }
  if (rows - i >= 1) tile(1, vectors, steps, a + i * a_row, a_row, a_step, b, ldb, c + i * ldc, ldc, add);
}

// c[i, :] += sum over k of a[i, k] * b[k, :], where the rows of b and c have `width` floats, a multiple of the lanes.
static void wide_product(long rows, long steps, const float *a, long lda, const float *b, long ldb, float *c,
                         long width) {
  long j = 0;
  for (; j + TILE_VECTORS_WIDE * VECTOR_LANES <= width; j += TILE_VECTORS_WIDE * VECTOR_LANES)
    product(TILE_ROWS_WIDE, TILE_VECTORS_WIDE, rows, steps, a, lda, 1, b + j, ldb, c + j, width, 1);
  for (; j + 2 * VECTOR_LANES <= width; j += 2 * VECTOR_LANES)
    product(TILE_ROWS_WIDE, 2, rows, steps, a, lda, 1, b + j, ldb, c + j, width, 1);
  if (j < width) product(TILE_ROWS_WIDE, 1, rows, steps, a, lda, 1, b + j, ldb, c + j, width, 1);
}

// The sums of the lanes of four vectors.
INLINE vec4 sums_of_four(const vec x[4]) {
  vec4 s[4];
  UNROLL for (int i = 0; i < 4; i++) {
#if VECTOR_LANES == 16
    typedef float vec8 __attribute__((ext_vector_type(8)));
    vec8 half = __builtin_shufflevector(x[i], x[i], 0, 1, 2, 3, 4, 5, 6, 7) +
                __builtin_shufflevector(x[i], x[i], 8, 9, 10, 11, 12, 13, 14, 15);
    s[i] = half.lo + half.hi;
#elif VECTOR_LANES == 8
    s[i] = x[i].lo + x[i].hi;
#else
    s[i] = x[i];
#endif
  }
  vec4 a = __builtin_shufflevector(s[0], s[1], 0, 4, 1, 5) + __builtin_shufflevector(s[0], s[1], 2, 6, 3, 7);
  vec4 b = __builtin_shufflevector(s[2], s[3], 0, 4, 1, 5) + __builtin_shufflevector(s[2], s[3], 2, 6, 3, 7);
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}

// 2^x for x <= 127: 2^n * p(f), n = round(x), |f| <= 1/2, p of degree 6 (minimax, relative, p(0) = 1). At most 1.5 ulp.
// Results below 2^-125 are 0, as with exp_float.
INLINE vec exp2_vector(vec x) {
  const float shift = 12582912.0f;  // 1.5 * 2^23: adding it leaves the rounded integer in the low bits
  vec shifted = x + shift, f = x - (shifted - shift);
  vec p = f * 1.535336196e-4f + 1.339887502e-3f;
  p = p * f + 9.618436918e-3f;
  p = p * f + 5.550332367e-2f;
  p = p * f + 2.402264774e-1f;
  p = p * f + 6.931471825e-1f;
  p = p * f + 1.0f;
  ivec power = (ivec)shifted << 23;
  vec y = (vec)((ivec)p + power);
  return x < -125.0f ? (vec)0.0f : y;
}

// out[c * ld + r] = factor * in[r][c], for four rows at a time; `width` columns.
INLINE void turn_four(const float *const in[4], long width, float factor, float *out, long ld) {
  long c = 0;
  for (; c + 4 <= width; c += 4) {
    vec4 a = *(const vec4 *)(in[0] + c), b = *(const vec4 *)(in[1] + c);
    vec4 d = *(const vec4 *)(in[2] + c), e = *(const vec4 *)(in[3] + c);
    vec4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), de = __builtin_shufflevector(d, e, 0, 4, 1, 5);
    vec4 ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), de2 = __builtin_shufflevector(d, e, 2, 6, 3, 7);
    *(vec4 *)(out + c * ld) = __builtin_shufflevector(ab, de, 0, 1, 4, 5) * factor;
    *(vec4 *)(out + (c + 1) * ld) = __builtin_shufflevector(ab, de, 2, 3, 6, 7) * factor;
    *(vec4 *)(out + (c + 2) * ld) = __builtin_shufflevector(ab2, de2, 0, 1, 4, 5) * factor;
    *(vec4 *)(out + (c + 3) * ld) = __builtin_shufflevector(ab2, de2, 2, 3, 6, 7) * factor;
  }
  for (; c < width; c++)
    for (int r = 0; r < 4; r++) out[c * ld + r] = factor * in[r][c];
}

// out[r][c] = in[c * ld + r] for the first `rows` (at most 4) rows.
INLINE void turn_back_four(const float *in, long ld, long width, long rows, float *const out[4]) {
  long c = 0;
  if (rows == 4) {
    for (; c + 4 <= width; c += 4) {
      const float *p = in + c * ld;
      vec4 a = *(const vec4 *)p, b = *(const vec4 *)(p + ld);
      vec4 d = *(const vec4 *)(p + 2 * ld), e = *(const vec4 *)(p + 3 * ld);
      vec4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), de = __builtin_shufflevector(d, e, 0, 4, 1, 5);
      vec4 ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), de2 = __builtin_shufflevector(d, e, 2, 6, 3, 7);
      *(vec4 *)(out[0] + c) = __builtin_shufflevector(ab, de, 0, 1, 4, 5);
      *(vec4 *)(out[1] + c) = __builtin_shufflevector(ab, de, 2, 3, 6, 7);
      *(vec4 *)(out[2] + c) = __builtin_shufflevector(ab2, de2, 0, 1, 4, 5);
      *(vec4 *)(out[3] + c) = __builtin_shufflevector(ab2, de2, 2, 3, 6, 7);
    }
  }
  for (; c < width; c++)
    for (long r = 0; r < rows; r++) out[r][c] = in[c * ld + r];
}
